import { gettext } from "../js/i18n.js";

/**
 * One person's sitting at the review desk: the drawings loaded, where they are, what they decided.
 *
 * Pure: talks to the server only through `server`, and says `onChange` whenever there is something
 * new to show. A decision is shown at once and sent in the background, one after the other; what
 * could not be sent waits in the outbox, and nothing overtakes it.
 */

const FETCH_BELOW = 6;
/** With these the server has read the decision and will never take it. */
const FINAL = new Set([400, 404, 409]);

export class Sitting {
  items = [];
  at = 0;
  total = 0;
  /** How far the server counted; there may be more. */
  counted = Infinity;
  hasEnded = false;
  isLoaded = false;
  last;
  /** {message, item, canRetry}: what went wrong and has not been dealt with. */
  problem = null;
  outbox = [];
  #server;
  #queue;
  #onChange;
  #cursor = "";
  #loading = null;
  #sending = null;
  #undoing = false;

  /** @param server {next(cursor), decide(body), undo(decision)}, each a promise of the answer. */
  constructor(queue, server, { last = null, onChange = () => {} } = {}) {
    this.#queue = queue;
    this.#server = server;
    this.last = last;
    this.#onChange = onChange;
  }

  get current() {
    return this.items[this.at] ?? null;
  }

  /** The drawings after this one that are here already. */
  get upcoming() {
    return this.items.slice(this.at + 1);
  }

  get decided() {
    return this.items.filter((item) => item.outcome?.state === "kept").length;
  }

  get left() {
    return Math.max(0, this.total - this.decided);
  }

  /** Loads more where few are left; a second call waits for the first. */
  load() {
    if (this.hasEnded || this.items.length - this.at >= FETCH_BELOW) return this.#loading;
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load() {
    try {
      const answer = await this.#server.next(this.#cursor);
      const known = new Set(this.items.map((item) => item.id));
      this.items.push(...answer.items.filter((item) => !known.has(item.id)));
      this.#cursor = answer.items.at(-1)?.place ?? this.#cursor;
      this.hasEnded = answer.end;
      if ("left" in answer) [this.total, this.counted] = [answer.left, answer.counted];
      this.total = Math.max(this.total, this.items.length);
      this.isLoaded = true;
      if (this.problem?.isLoading) this.problem = null;
    } catch (error) {
      this.problem ??= { message: error.message, item: null, canRetry: true, isLoading: true };
    }
    this.#onChange();
  }

  /** Goes `step` drawings on or back; one past the end is where nothing is left. */
  move(step) {
    this.at = Math.min(Math.max(this.at + step, 0), this.items.length);
    this.#onChange();
    this.load();
  }

  goTo(item) {
    this.move(this.items.indexOf(item) - this.at);
  }

  skip() {
    if (!this.current) return;
    this.current.outcome ??= { words: gettext("skipped"), state: "skipped" };
    this.move(1);
  }

  /** Decides on the drawing shown and goes on to the next. */
  decide(verdict, value = "", words = value) {
    const item = this.current;
    if (!item || this.#undoing) return;
    item.outcome = { words, value, state: "sending" };
    this.outbox.push({ item, verdict, value, outcome: item.outcome });
    this.move(1);
    this.flush();
  }

  /** Sends what waits, in order, until all is sent or something fails. */
  flush() {
    this.#sending ??= this.#flush().finally(() => (this.#sending = null));
    return this.#sending;
  }

  async #flush() {
    while (this.outbox.length > 0) {
      const { item, verdict, value, outcome } = this.outbox[0];
      outcome.state = "sending";
      const body = { drawing: item.id, seen: item.state, queue: this.#queue, verdict, value };
      try {
        const answer = await this.#server.decide(body);
        Object.assign(item, answer.item);
        outcome.state = "kept";
        this.last = answer.last;
        if (this.problem?.canRetry) this.problem = null;
      } catch (error) {
        if (!this.#refused(error, item, outcome)) return;
      }
      this.outbox.shift();
      this.#onChange();
    }
  }

  /** Tells what went wrong; true if sending it again is of no use. */
  #refused(error, item, outcome) {
    const isFinal = FINAL.has(error.status);
    outcome.state = isFinal ? "refused" : "waiting";
    Object.assign(item, error.answer?.item);
    this.problem = { message: error.message, item, canRetry: !isFinal };
    this.#onChange();
    return isFinal;
  }

  /** Tries again whatever failed. */
  async retry() {
    await this.flush();
    await this.load();
  }

  dismiss() {
    if (!this.problem?.canRetry) this.problem = null;
    this.#onChange();
  }

  /** Takes the last decision back and goes to its drawing. */
  async undo() {
    if (this.#undoing) return;
    this.#undoing = true;
    try {
      await this.flush();
      if (this.outbox.length > 0 || !this.last) return;
      const answer = await this.#server.undo(this.last.id);
      this.last = answer.last;
      this.problem = null;
      this.#bringBack(answer.item);
    } catch (error) {
      this.problem = { message: error.message, item: null, canRetry: false };
    } finally {
      this.#undoing = false;
      this.#onChange();
    }
  }

  #bringBack(fresh) {
    let index = this.items.findIndex((item) => item.id === fresh.id);
    if (index < 0) {
      // Decided before this page was opened.
      index = this.at;
      this.items.splice(index, 0, fresh);
      this.total += 1;
    }
    this.items[index] = { ...this.items[index], ...fresh, outcome: null };
    this.at = index;
  }
}
