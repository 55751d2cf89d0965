import { makeSender } from "./sender.js";
import { isPassing, SaveQueue } from "./save_queue.js";
import { openStore } from "./store.js";

const LOCK = "recognizer.saves";
const ACCOUNT = "recognizer.account";
/** Nobody should look at a button for longer; it goes on being sent. */
const PATIENCE_MS = 6_000;

/**
 * The way of drawings to the server, from any page: what cannot be sent now is kept in this
 * browser, and sent when the page is opened, when the network is back, when it is looked at
 * again, and from time to time while the server is away.
 */
export class Outbox {
  #account;
  #handlers;
  #queue;
  #channel;
  #awaited = new Set();
  #timer = null;

  /**
   * @param urls {drawingsUrl, pageUrl}
   * @param account who is signed in, "" for nobody; undefined on a page out of the cache
   * @param handlers onSent(key, drawing), onRefused(item): of what nobody waits for any more;
   *     onChange(items, account): of all that waits, and whoever is signed in
   */
  constructor(urls, account, handlers) {
    this.#account = rememberAccount(account);
    this.#handlers = handlers;
    this.#channel = openChannel((sent) => this.#hearOf(sent));
    this.#queue = this.#open(urls, isOursFor(account));
    window.addEventListener("online", () => this.flushNow());
    document.addEventListener("visibilitychange", () => !document.hidden && this.flushNow());
    this.#show();
    this.flushNow();
  }

  /**
   * Sends a drawing, or keeps it: {item, drawing} with null for a drawing that is kept.
   *
   * Throws the ApiError of what the server refuses, and of what this browser cannot keep.
   */
  async save(body) {
    const queue = await this.#queue;
    const { item, isKept } = await queue.add({ key: makeKey(), account: this.#account, body });
    if (isKept && !navigator.onLine) {
      return { item, drawing: null };
    }
    this.#awaited.add(item.key);
    try {
      return { item, drawing: await this.#send(queue, item, isKept) };
    } finally {
      this.#awaited.delete(item.key);
    }
  }

  /** Sends a correction, after its drawing if that still waits, or keeps it; throws as `save`. */
  async correct(item, label) {
    const queue = await this.#queue;
    const changed = await queue.correct(item, label);
    if (navigator.onLine) {
      await this.#send(queue, changed, true);
    }
  }

  async flushNow() {
    if (navigator.onLine) {
      await (await this.#queue).flushNow();
    }
  }

  async tryAgain(key) {
    await (await this.#queue).tryAgain(key);
  }

  async remove(key) {
    await (await this.#queue).remove(key);
  }

  /** What came of it in time, else null. */
  async #send(queue, item, isKept) {
    try {
      const putAside = (error) => isPassing(error) || queue.putAside(item.key, error);
      const drawing = await soon(queue.send(item), putAside);
      this.#flushSoon();
      return drawing;
    } catch (error) {
      if (isKept && isPassing(error)) {
        return null;
      }
      await queue.remove(item.key);
      throw error;
    }
  }

  async #open(urls, isOurs) {
    return new SaveQueue({
      store: await openStore(),
      send: makeSender(urls),
      lock: makeLock(),
      isOurs,
      handlers: {
        onSent: (key, drawing) => this.#tell({ key, drawing }),
        onRefused: this.#handlers.onRefused,
        onChange: () => this.#tell(null),
      },
      wait: (ms) => this.#flushSoon(ms),
    });
  }

  #flushSoon(ms = 0) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => navigator.onLine && (await this.#queue).flush(), ms);
  }

  /** To this page and to others that are open; what somebody waits for is told to them alone. */
  #tell(sent) {
    if (!this.#awaited.has(sent?.key)) {
      this.#channel?.postMessage(sent);
      this.#hearOf(sent);
    }
  }

  #hearOf(sent) {
    if (sent) {
      this.#handlers.onSent(sent.key, sent.drawing);
    } else {
      this.#show();
    }
  }

  async #show() {
    this.#handlers.onChange(await (await this.#queue).items(), this.#account);
  }
}

/** What comes in time, else null; `onLateError` gets the error that comes later. */
async function soon(sending, onLateError) {
  let timer;
  const patience = new Promise((resolve) => {
    timer = setTimeout(() => {
      sending.catch(onLateError);
      resolve(null);
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([sending, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** A random UUID; `crypto.randomUUID` is there on secure pages only. */
export function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** One at a time among all tabs, or in this one where the browser has no locks. */
function makeLock() {
  if (navigator.locks) {
    return (act) => navigator.locks.request(LOCK, act);
  }
  let last = Promise.resolve();
  return (act) => {
    const mine = last.then(act);
    last = mine.catch(() => {});
    return mine;
  };
}

function openChannel(onMessage) {
  if (!window.BroadcastChannel) {
    return null;
  }
  const channel = new BroadcastChannel(LOCK);
  channel.onmessage = ({ data }) => onMessage(data);
  return channel;
}

/** Where the page does not know who is signed in, the server does. */
function isOursFor(account) {
  return (item) => account === undefined || item.account === "" || item.account === account;
}

/** A page out of the cache does not know who is signed in: whoever was when one last came fresh. */
function rememberAccount(account) {
  try {
    if (account !== undefined) {
      localStorage.setItem(ACCOUNT, account);
    }
    return account ?? localStorage.getItem(ACCOUNT) ?? "";
  } catch {
    return account ?? "";
  }
}
