import { CANVAS_SIZE } from "./strokes.js";

const KEY = "recognizer.drawing";
const MOST_CHARACTERS = 1_000_000;
const POINTER_TYPES = ["mouse", "touch", "pen"];

/**
 * Keeps the drawing of this tab over a reload.
 *
 * @param storage sessionStorage or the like; null where the browser allows none.
 */
export class KeptDrawing {
  #storage;
  #strokes = [];
  #isWritten = true;

  constructor(storage) {
    this.#storage = storage;
  }

  /** What the next `flush` writes; an empty drawing is forgotten. */
  keep(strokes) {
    this.#strokes = strokes;
    this.#isWritten = false;
  }

  /** To be called when the page may go away: while somebody draws, no stroke waits for a disk. */
  flush() {
    if (!this.#isWritten) {
      this.#isWritten = true;
      this.#write();
    }
  }

  /** The strokes that were kept, as if the last point were drawn at `now`; [] where there are none. */
  restore(now) {
    try {
      return moveTo(now, unpack(this.#storage?.getItem(KEY) ?? "[]"));
    } catch {
      return []; // Cut off, or written by another version of the page.
    }
  }

  #write() {
    const text = pack(this.#strokes);
    try {
      this.#storage?.removeItem(KEY);
      if (this.#strokes.length > 0 && text.length <= MOST_CHARACTERS) {
        this.#storage?.setItem(KEY, text);
      }
    } catch {
      // Full: the drawing is still on the page, only a reload would lose it.
    }
  }
}

/** This tab's storage, or null where the browser refuses even to name it. */
export function tabStorage() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function pack(strokes) {
  return JSON.stringify(
    strokes.map(({ pointerType, width, points }) => [
      pointerType,
      width,
      points.map(({ x, y, t, pressure }) => [round(x), round(y), Math.round(t), round(pressure)]),
    ]),
  );
}

function unpack(text) {
  return JSON.parse(text).map(([pointerType, width, points]) => {
    check(POINTER_TYPES.includes(pointerType) && isWithin(width, 1, CANVAS_SIZE));
    check(points.length > 0);
    return { pointerType, width, points: points.map(toPoint) };
  });
}

function toPoint([x, y, t, pressure]) {
  check(isWithin(x, 0, CANVAS_SIZE) && isWithin(y, 0, CANVAS_SIZE));
  check(Number.isFinite(t) && isWithin(pressure, 0, 1));
  return { x, y, t, pressure };
}

function moveTo(now, strokes) {
  const wait = now - (strokes.at(-1)?.points.at(-1).t ?? now);
  for (const { points } of strokes) {
    for (const point of points) {
      point.t += wait;
    }
  }
  return strokes;
}

function check(isSound) {
  if (!isSound) {
    throw new TypeError("no drawing");
  }
}

function isWithin(value, least, most) {
  return typeof value === "number" && value >= least && value <= most;
}

function round(value) {
  return Math.round(value * 100) / 100;
}
