/**
 * The page's side of the worker: knows which version is active and reads with it in the browser.
 *
 * `version` is null until one can be read with here; then the server has to be asked.
 */
export class LocalReader {
  version = null;
  #makeWorker;
  #fetchActive;
  #messages;
  #onChange;
  #worker = null;
  #waiting = new Map();
  #lastId = 0;
  #updating = null;
  #askedAt = -Infinity;
  #later = null;

  /**
   * @param makeWorker () -> Worker
   * @param fetchActive () -> Promise of {version, network: {url} or null}, as the API answers
   * @param messages code -> words for each refusal
   * @param onChange called when another version reads from now on, or none
   */
  constructor({ makeWorker, fetchActive, messages, onChange = () => {} }) {
    this.#makeWorker = makeWorker;
    this.#fetchActive = fetchActive;
    this.#messages = messages;
    this.#onChange = onChange;
  }

  /** The API's answer to `drawn`, the body that the API reads. */
  read(drawn) {
    return this.#ask("read", { drawn });
  }

  /** A score for each class, by its name, of a bitmap of 784 numbers from 0 (paper) to 1 (ink). */
  classify(bitmap) {
    return this.#ask("classify", { bitmap });
  }

  /**
   * Takes up the version that is active now; if that was looked up less than `maxAgeMs` ago, not
   * now but as soon as it is older.
   *
   * Never throws: while the server is away, the version that is loaded goes on reading.
   */
  async update({ maxAgeMs = 0 } = {}) {
    const waitMs = this.#askedAt + maxAgeMs - performance.now();
    if (waitMs > 0) {
      this.#later ??= setTimeout(() => this.update(), waitMs);
      return;
    }
    clearTimeout(this.#later);
    this.#later = null;
    this.#askedAt = performance.now();
    this.#updating ??= this.#takeUp().finally(() => {
      this.#updating = null;
    });
    await this.#updating;
  }

  async #takeUp() {
    try {
      const { version, network } = await this.#fetchActive();
      if (version === this.version) {
        return;
      }
      if (network) {
        await this.#ask("load", { url: network.url, version, messages: this.#messages });
      }
      this.#changeTo(network ? version : null);
    } catch (error) {
      console.warn(`Version ${this.version ?? "of the server"} goes on reading: ${error.message}`);
    }
  }

  #changeTo(version) {
    if (version !== this.version) {
      this.version = version;
      this.#onChange();
    }
  }

  #ask(task, details) {
    this.#worker ??= this.#start();
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, task, ...details });
    });
  }

  #start() {
    const worker = this.#makeWorker();
    worker.addEventListener("message", ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) {
        resolve(result);
      } else {
        reject(new Error(error));
      }
    });
    // A browser without module workers, or a script that could not be fetched.
    worker.addEventListener("error", () => this.#giveUp());
    return worker;
  }

  #giveUp() {
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) {
      reject(new Error("The recogniser of this page cannot be started."));
    }
    this.#waiting.clear();
    this.#changeTo(null);
  }
}
