/**
 * Drawings and corrections on their way to the server. Each is stored before it is sent, under a
 * key that goes with it every time, and taken away once the server has answered: none is lost, and
 * none is stored there twice. Knows no browser; `outbox.js` wires it to one.
 *
 * An item is {key, addedAt, account, body, id, label, refused}:
 *   account   who was signed in at drawing ("" for nobody)
 *   body      what the API reads; null once the server has it
 *   id        the server's; null before
 *   label     the correction that is to follow; null without one
 *   refused   why the server will never take it; null for what waits
 */
import { gettext } from "../i18n.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;

/** Statuses of a server, or a way to it, that is not to be had just now; 0 is no answer at all. */
const PASSING = new Set([0, 408, 425, 429, 502, 503, 504]);
const DRAWN_BY_ANOTHER = 409;

export class SaveQueue {
  #store;
  #post;
  #patch;
  #lock;
  #now;
  #wait;
  #handlers;
  #isOurs;
  #flushing = null;
  #failures = 0;
  #notBefore = 0;
  #othersKeys = new Set();

  /**
   * @param store as in `store.js`
   * @param send {post(item) -> the API's drawing, patch(id, label)}, which throw ApiErrors
   * @param lock (act) -> Promise of what `act` gives; one at a time, also among tabs
   * @param handlers onSent(key, drawing): the server has a drawing now; onRefused(item): it was put
   *     aside; onChange(): other items wait than before
   * @param isOurs (item) false for what is known to be somebody else's, and waits for them
   * @param wait (ms) called when a flush is to be tried again after that time
   */
  constructor({ store, send, lock, handlers, isOurs = () => true, wait = () => {}, now = Date.now }) {
    this.#store = store;
    this.#post = send.post;
    this.#patch = send.patch;
    this.#lock = lock;
    this.#handlers = handlers;
    this.#isOurs = isOurs;
    this.#wait = wait;
    this.#now = now;
  }

  items() {
    return this.#store.all();
  }

  /** Stores an item; {item, isKept}, which is false where the browser would lose it. */
  async add({ key, account, body }) {
    const fresh = { key, account, body, id: null, label: null, refused: null };
    const item = { ...fresh, addedAt: this.#now() };
    const isStored = await this.#store.change(key, () => item).then(() => true, () => false);
    this.#handlers.onChange();
    return { item, isKept: isStored && this.#store.isLasting };
  }

  /** Adds a correction to what waits, or puts it on its way alone; the item. */
  async correct(item, label) {
    const alone = { ...item, addedAt: this.#now(), refused: null };
    const changed = await this.#store.change(item.key, (stored) => ({ ...(stored ?? alone), label }));
    this.#handlers.onChange();
    return changed;
  }

  /**
   * Sends one item that somebody waits for; the server's drawing, or null for a correction alone.
   *
   * Throws what was thrown at sending; the item stays.
   */
  async send(item) {
    if (this.#now() < this.#notBefore) {
      throw new Error(gettext("The server asked this page to wait."));
    }
    try {
      const drawing = await this.#lock(() => this.#deliver(item));
      this.#failures = 0;
      return drawing;
    } catch (error) {
      if (isPassing(error)) {
        this.#tryLater(error);
      }
      throw error;
    }
  }

  /** Sends all that waits, the oldest first, until the server is not to be had. */
  flush() {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** Now is as good as ever: the network is back, or somebody asks for it. */
  async flushNow() {
    this.#failures = 0;
    await this.flush();
  }

  async remove(key) {
    await this.#store.change(key, () => null);
    this.#handlers.onChange();
  }

  async tryAgain(key) {
    await this.#store.change(key, (item) => item && { ...item, refused: null });
    this.#othersKeys.delete(key);
    this.#handlers.onChange();
    await this.flushNow();
  }

  /** Keeps what the server refuses, until somebody looks at it. */
  async putAside(key, error) {
    if (error.status === DRAWN_BY_ANOTHER) {
      this.#othersKeys.add(key);
      return;
    }
    const refused = await this.#store.change(key, (item) => item && { ...item, refused: error.message });
    this.#handlers.onChange();
    if (refused) {
      this.#handlers.onRefused(refused);
    }
  }

  async #flush() {
    if (this.#now() < this.#notBefore) {
      this.#wait(this.#notBefore - this.#now());
      return;
    }
    for (const { key } of await this.#store.all()) {
      if (!(await this.#flushOne(key))) {
        return;
      }
    }
    this.#failures = 0;
  }

  /** False where it makes no sense to go on with the next. */
  async #flushOne(key) {
    try {
      // Another tab, or somebody who waits for it, may have sent it meanwhile.
      await this.#lock(async () => {
        const item = await this.#store.get(key);
        if (item && this.#isToBeSent(item)) {
          await this.#deliver(item);
        }
      });
    } catch (error) {
      if (isPassing(error)) {
        this.#tryLater(error);
        return false;
      }
      await this.putAside(key, error);
    }
    return true;
  }

  #isToBeSent(item) {
    return item.refused === null && this.#isOurs(item) && !this.#othersKeys.has(item.key);
  }

  /**
   * Sends `item`, as it is in the store now; under the lock.
   *
   * A store that fails meanwhile stops nothing: at worst it is sent again, under the same key.
   */
  async #deliver(item) {
    let stored = (await this.#store.get(item.key).catch(() => null)) ?? item;
    let drawing = null;
    if (stored.id === null) {
      drawing = await this.#post(stored);
      stored = await this.#changeIfPossible(item.key, (now) => withoutBody(now, drawing.id));
      this.#handlers.onSent(item.key, drawing);
      this.#handlers.onChange();
    }
    while (stored && stored.label !== null) {
      const { id, label } = stored;
      await this.#patch(id, label);
      // While it was sent somebody may have changed their mind.
      stored = await this.#changeIfPossible(item.key, (now) => (now?.label === label ? null : now));
      this.#handlers.onChange();
    }
    return drawing;
  }

  #changeIfPossible(key, change) {
    return this.#store.change(key, change).catch(() => null);
  }

  #tryLater({ retryAfter }) {
    const doubled = Math.min(FIRST_WAIT_MS * 2 ** this.#failures, LONGEST_WAIT_MS);
    this.#failures += 1;
    if (retryAfter) {
      this.#notBefore = this.#now() + retryAfter * 1_000;
    }
    this.#wait(Math.max(doubled, (retryAfter ?? 0) * 1_000));
  }
}

/** Whether it may succeed later without anybody doing anything. */
export function isPassing(error) {
  return PASSING.has(error.status ?? 0);
}

function withoutBody(item, id) {
  return item && item.label !== null ? { ...item, id, body: null } : null;
}
