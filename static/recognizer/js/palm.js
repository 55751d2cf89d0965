const PALM_PX = 80; // a contact so large is no fingertip
const PEN_REST_MS = 1_000;

/** Tells the palm of a hand from a finger: by its size, and by a pen being in use beside it. */
export class PalmGuard {
  #penUntil = -Infinity;
  #knowsPen = false;

  /** Has to see every event of every pointer: a pen that hovers is in use too. */
  notice({ pointerType, timeStamp }) {
    if (pointerType === "pen") {
      this.#knowsPen = true;
      this.#penUntil = timeStamp + PEN_REST_MS;
    }
  }

  isPalm({ pointerType, width = 0, height = 0, timeStamp }) {
    return (
      pointerType === "touch" && (timeStamp < this.#penUntil || Math.max(width, height) > PALM_PX)
    );
  }

  /** The system takes a palm away by cancelling it; without a pen, a cancelled finger has drawn. */
  isTakenBack({ type, pointerType }) {
    return type === "pointercancel" && pointerType === "touch" && this.#knowsPen;
  }
}
