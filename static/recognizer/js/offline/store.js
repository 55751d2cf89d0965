/**
 * Where what is to be sent waits: {key, addedAt, …} by its key, in this browser's IndexedDB.
 *
 * `change` is one transaction: nothing another tab does comes between looking and writing.
 */
const DATABASE = "recognizer";
const SAVES = "saves";

class Lasting {
  isLasting = true;
  #opening;

  constructor(database) {
    this.#opening = Promise.resolve(this.#watch(database));
  }

  async all() {
    const items = await this.#within("readonly", (saves) => saves.getAll());
    return items.sort((one, other) => one.addedAt - other.addedAt);
  }

  async get(key) {
    return (await this.#within("readonly", (saves) => saves.get(key))) ?? null;
  }

  /** Puts what `change` makes of the item (null where there is none), or takes it away for null. */
  async change(key, change) {
    let after = null;
    await this.#within("readwrite", (saves) => {
      const found = saves.get(key);
      found.onsuccess = () => {
        after = change(found.result ?? null);
        if (after === null) {
          saves.delete(key);
        } else {
          saves.put(after);
        }
      };
      return found;
    });
    return after;
  }

  /** Browsers close databases of pages in the background; then it is opened again. */
  async #within(mode, act) {
    this.#opening ??= openDatabase().then((database) => this.#watch(database));
    try {
      return await within((await this.#opening).transaction(SAVES, mode), act);
    } catch (error) {
      if (error.name !== "InvalidStateError") {
        throw error;
      }
      this.#opening = openDatabase().then((database) => this.#watch(database));
      return within((await this.#opening).transaction(SAVES, mode), act);
    }
  }

  #watch(database) {
    database.onclose = () => {
      this.#opening = null;
    };
    // Another tab has a newer version of the page and wants to change the database.
    database.onversionchange = () => {
      database.close();
      this.#opening = null;
    };
    return database;
  }
}

function within(transaction, act) {
  return new Promise((resolve, reject) => {
    const asked = act(transaction.objectStore(SAVES));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** For browsers that keep nothing, and for tests: gone with the page. */
export class Passing {
  isLasting = false;
  #items = new Map();

  async all() {
    return [...this.#items.values()].sort((one, other) => one.addedAt - other.addedAt);
  }

  async get(key) {
    return this.#items.get(key) ?? null;
  }

  async change(key, change) {
    const after = change(this.#items.get(key) ?? null);
    if (after === null) {
      this.#items.delete(key);
    } else {
      this.#items.set(key, after);
    }
    return after;
  }
}

/** This browser's store. */
export async function openStore() {
  try {
    return new Lasting(await openDatabase());
  } catch {
    return new Passing();
  }
}

function openDatabase() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(SAVES, { keyPath: "key" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error("Another tab holds an older database."));
  });
}
