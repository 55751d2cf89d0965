import { Ink } from "./ink.js";
import { CANVAS_SIZE } from "./strokes.js";

/**
 * Paints a drawing on a canvas at the screen's own resolution, and again whenever that changes.
 *
 * Ink that no longer changes is dry: it lies on a layer of its own and is painted once. Only the
 * wet end of the stroke being drawn is painted again in each frame.
 */
export class Painter {
  /** Points that the stroke being drawn will probably reach; painted until the next frame. */
  predicted = [];
  #canvas;
  #drawing;
  #screen;
  #layer = document.createElement("canvas").getContext("2d");
  #inks = new WeakMap();
  #dry = { strokes: [], current: null, pieces: 0 };
  #wetBox = null;
  #frame = null;

  constructor(canvas, drawing) {
    this.#canvas = canvas;
    this.#drawing = drawing;
    this.#screen = canvas.getContext("2d", { desynchronized: true });
    new ResizeObserver(() => this.repaint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paintAnew());
    this.#followPixelRatio();
  }

  /** Paints in the next frame, however often it is called before. */
  repaint() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#paint();
    });
  }

  #paintAnew() {
    this.#dry.strokes = null;
    this.repaint();
  }

  #paint() {
    if (this.#fitScreen() || !this.#isGrown()) {
      this.#wipe();
    }
    this.#takeWetAway();
    for (const stroke of this.#drawing.strokes.slice(this.#dry.strokes.length)) {
      this.#dryWhole(stroke);
    }
    if (this.#drawing.current) {
      this.#paintCurrent(this.#drawing.current);
    }
  }

  /** Whether all dry ink is still part of the drawing. */
  #isGrown() {
    const { strokes, current } = this.#drawing;
    const dry = this.#dry;
    return (
      dry.strokes !== null &&
      dry.strokes.every((stroke, index) => stroke === strokes[index]) &&
      [null, current, strokes[dry.strokes.length]].includes(dry.current)
    );
  }

  #wipe() {
    this.#dry = { strokes: [], current: null, pieces: 0 };
    this.#wetBox = null;
    for (const context of [this.#screen, this.#layer]) {
      context.clearRect(0, 0, CANVAS_SIZE, CANVAS_SIZE);
      context.fillStyle = getComputedStyle(this.#canvas).color;
    }
  }

  #dryWhole(stroke) {
    this.#dryPieces(stroke);
    this.#fillDry(toPath(this.#inkOf(stroke).tail()));
    this.#dry.strokes.push(stroke);
    this.#dry.current = null;
  }

  #dryPieces(stroke) {
    const ink = this.#inkOf(stroke);
    const dry = this.#dry;
    if (dry.current !== stroke) {
      Object.assign(dry, { current: stroke, pieces: 0 });
    }
    for (; dry.pieces < ink.fullPieces; dry.pieces += 1) {
      this.#fillDry(toPath(ink.piece(dry.pieces)));
    }
  }

  #paintCurrent(stroke) {
    this.#dryPieces(stroke);
    const corners = this.#inkOf(stroke).tail(this.predicted);
    this.#screen.fill(toPath(corners));
    this.#wetBox = boxAround(corners);
  }

  #fillDry(path) {
    this.#layer.fill(path);
    this.#screen.fill(path);
  }

  #takeWetAway() {
    if (this.#wetBox) {
      const scale = this.#canvas.width / CANVAS_SIZE;
      const [x, y, width, height] = toPixels(this.#wetBox, scale, this.#canvas.width);
      this.#wetBox = null;
      if (width > 0 && height > 0) {
        const area = [x / scale, y / scale, width / scale, height / scale];
        this.#screen.clearRect(...area);
        this.#screen.drawImage(this.#layer.canvas, x, y, width, height, ...area);
      }
    }
  }

  /** Gives the canvas a pixel for each of the screen's; returns whether that changed anything. */
  #fitScreen() {
    const side = Math.max(1, Math.round(this.#canvas.clientWidth * devicePixelRatio));
    if (this.#canvas.width === side && this.#layer.canvas.width === side) {
      return false;
    }
    for (const context of [this.#screen, this.#layer]) {
      Object.assign(context.canvas, { width: side, height: side });
      context.setTransform(side / CANVAS_SIZE, 0, 0, side / CANVAS_SIZE, 0, 0);
    }
    return true;
  }

  #inkOf(stroke) {
    if (!this.#inks.has(stroke)) {
      this.#inks.set(stroke, new Ink(stroke));
    }
    return this.#inks.get(stroke);
  }

  // A media query can only name one ratio, so each change needs a new one.
  #followPixelRatio() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      "change",
      () => {
        this.repaint();
        this.#followPixelRatio();
      },
      { once: true },
    );
  }
}

/** A closed path through the middle of each edge, with the corners as control points. */
function toPath(corners) {
  const path = new Path2D();
  corners.forEach(([x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length];
    const middle = [(x + nextX) / 2, (y + nextY) / 2];
    if (index === 0) {
      path.moveTo(...middle);
    } else {
      path.quadraticCurveTo(x, y, ...middle);
    }
  });
  path.closePath();
  return path;
}

function boxAround(corners) {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Whole pixels of the screen that cover the box and its soft edge: [x, y, width, height]. */
function toPixels({ left, top, right, bottom }, scale, side) {
  const [x, y] = [left, top].map((edge) => Math.max(0, Math.floor(edge * scale) - 2));
  const [endX, endY] = [right, bottom].map((edge) => Math.min(side, Math.ceil(edge * scale) + 2));
  return [x, y, endX - x, endY - y];
}
