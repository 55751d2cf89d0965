import { request } from "./api.js";
import { LocalReader } from "./recogniser/client.js";
import { toApiBody } from "./strokes.js";

const LOOK_AGAIN_MS = 60_000;
const LOOK_AGAIN_ON_DRAWING_MS = 15_000;

/**
 * Who can read strokes: this browser, once it has the active version's network, and the server.
 *
 * Keeps up with promotions: it looks which version is active when a stroke begins, when the page is
 * seen again, every minute that it is seen, and when the server answers with another version.
 */
export class Readers {
  #predictUrl;
  #local;
  #onAskServer;

  /**
   * @param urls {predictUrl, activeUrl, workerUrl, rejections}, the page's data attributes
   * @param handlers onChange() once another version reads here, or none; onAskServer()
   */
  constructor({ predictUrl, activeUrl, workerUrl, rejections }, { onChange, onAskServer }) {
    this.#predictUrl = predictUrl;
    this.#onAskServer = onAskServer;
    this.#local = new LocalReader({
      makeWorker: () => new Worker(workerUrl, { type: "module" }),
      fetchActive: () => request(activeUrl),
      messages: JSON.parse(rejections),
      onChange,
    });
    setInterval(() => isSeen() && this.#local.update(), LOOK_AGAIN_MS);
    document.addEventListener("visibilitychange", () => isSeen() && this.lookAgain());
    this.#local.update();
  }

  /** The version that this browser reads with; null while only the server can read. */
  get versionHere() {
    return this.#local.version;
  }

  lookAgain() {
    this.#local.update({ maxAgeMs: LOOK_AGAIN_ON_DRAWING_MS });
  }

  /** Whatever the server answered may name a version that is new to the page. */
  noteVersion(answer) {
    if (answer.model.version !== this.versionHere) {
      this.#local.update();
    }
  }

  here = async (strokes) => {
    if (strokes.image) {
      throw new Error("Only the server reads pictures.");
    }
    return { ...(await this.#local.read(toApiBody(strokes))), isReadHere: true };
  };

  /** A score for each class of a bitmap, by the network of this browser. */
  classify = (bitmap) => this.#local.classify(bitmap);

  server = async (strokes, signal) => {
    this.#onAskServer();
    const body = toApiBody(strokes);
    const answer = await request(this.#predictUrl, { method: "POST", body, signal });
    this.noteVersion(answer);
    return answer;
  };

  /** Here if possible, which costs the server nothing. */
  whoCan = async (strokes, signal) => {
    if (this.versionHere === null) {
      return this.server(strokes, signal);
    }
    return this.here(strokes).catch(() => this.server(strokes, signal));
  };
}

function isSeen() {
  return document.visibilityState === "visible";
}
