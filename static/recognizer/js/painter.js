import { getStroke } from "../vendor/perfect-freehand-1.2.3/index.mjs";
import { CANVAS_SIZE } from "./strokes.js";

const PEN_WIDTH = 17; // logical pixels, 6 % of the canvas

/** Paints a drawing on a canvas at the screen's own resolution, and again whenever that changes. */
export class Painter {
  #canvas;
  #drawing;
  #paths = new WeakMap();
  #frame = null;

  constructor(canvas, drawing) {
    this.#canvas = canvas;
    this.#drawing = drawing;
    new ResizeObserver(() => this.repaint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
    this.#followPixelRatio();
  }

  /** Paints in the next frame, however often it is called before. */
  repaint() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#paint();
    });
  }

  #paint() {
    const context = this.#sharpContext();
    context.fillStyle = getComputedStyle(this.#canvas).color;
    for (const stroke of this.#drawing.strokes) {
      context.fill(this.#finishedPath(stroke));
    }
    if (this.#drawing.current) {
      context.fill(outline(this.#drawing.current, { last: false }));
    }
  }

  #sharpContext() {
    const canvas = this.#canvas;
    const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    const context = canvas.getContext("2d");
    if (canvas.width !== side || canvas.height !== side) {
      canvas.width = side;
      canvas.height = side;
    }
    const scale = side / CANVAS_SIZE;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, CANVAS_SIZE, CANVAS_SIZE);
    return context;
  }

  #finishedPath(stroke) {
    if (!this.#paths.has(stroke)) {
      this.#paths.set(stroke, outline(stroke, { last: true }));
    }
    return this.#paths.get(stroke);
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

function outline({ points, pointerType }, { last }) {
  const corners = getStroke(points, {
    size: PEN_WIDTH,
    thinning: pointerType === "pen" ? 0.5 : 0.25,
    streamline: 0.35,
    smoothing: 0.5,
    simulatePressure: pointerType !== "pen",
    last,
  });
  return smoothPath(corners);
}

/** A closed path through the middle of each edge, with the corners as control points. */
function smoothPath(corners) {
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
