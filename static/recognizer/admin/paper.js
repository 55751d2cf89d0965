/** Strokes on a canvas: as they lie, or as they were drawn, one point after the other. */

import { drawnBy, schedule, view } from "../js/replay.js";

const PEN_SHARE = 0.035;

/** Shows one drawing at a time on a canvas, {strokes, width, height} or {picture, width, height}. */
export class Paper {
  #canvas;
  #drawing = null;
  #frame = null;
  #image = null;
  #view = { x: 0, y: 0, side: 1 };

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#rest()).observe(canvas);
  }

  show(drawing) {
    if (drawing === this.#drawing) return;
    this.#drawing = drawing;
    if (drawing) this.#view = view(drawing);
    this.#image = drawing?.picture ? loaded(drawing.picture, () => this.#rest()) : null;
    this.#rest();
  }

  /** Draws it again before one's eyes; without motion, numbers the strokes instead. */
  replay() {
    const strokes = this.#drawing?.strokes;
    if (!strokes) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#rest();
      this.#number(strokes);
      return;
    }
    const { times, duration } = schedule(strokes, Math.max(this.#drawing.width, this.#drawing.height));
    const start = performance.now();
    const step = (now) => {
      if (now - start >= duration) return this.#rest();
      this.#paint(drawnBy(strokes, times, now - start), strokes);
      this.#frame = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(step);
  }

  #rest() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#paint(this.#drawing?.strokes ?? []);
  }

  #paint(strokes, pale = []) {
    const context = this.#context();
    if (!this.#drawing) return;
    const { width, height } = this.#drawing;
    if (this.#image?.complete) context.drawImage(this.#image, 0, 0, width, height);
    context.lineWidth = PEN_SHARE * this.#view.side;
    line(context, pale, "#e3e6e8");
    line(context, strokes, "#14181b");
  }

  #number(strokes) {
    const context = this.#context({ clear: false });
    const size = 0.05 * this.#view.side;
    context.font = `bold ${size}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    strokes.forEach(([[x, y]], index) => {
      context.fillStyle = "#1f5f9e";
      context.beginPath();
      context.arc(x, y, size * 0.8, 0, 2 * Math.PI);
      context.fill();
      context.fillStyle = "#fff";
      context.fillText(String(index + 1), x, y);
    });
  }

  /** A context in the drawing's own pixels. */
  #context({ clear = true } = {}) {
    const canvas = this.#canvas;
    const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (clear) {
      context.fillStyle = this.#drawing?.picture ? "#000" : "#fff";
      context.fillRect(0, 0, side, side);
    }
    const scale = side / this.#view.side;
    context.setTransform(scale, 0, 0, scale, -this.#view.x * scale, -this.#view.y * scale);
    return context;
  }
}

function loaded(source, onLoad) {
  const image = new Image();
  image.addEventListener("load", onLoad);
  image.src = source;
  return image;
}

function line(context, strokes, colour) {
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = colour;
  for (const [first, ...rest] of strokes) {
    context.beginPath();
    context.moveTo(first[0], first[1]);
    // A line to its own beginning is a dot.
    for (const [x, y] of rest.length ? rest : [first]) context.lineTo(x, y);
    context.stroke();
  }
}
