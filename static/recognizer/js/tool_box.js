import { ERASER } from "./pad.js";

const KEY = "recognizer.pen";
const STEPS = { "[": -1, "]": 1 };

/** The radio buttons that choose a pen or the eraser; the pen is remembered in this browser. */
export class ToolBox {
  #box;
  #pad;
  #pens;
  #pen;

  constructor(box, pad) {
    this.#box = box;
    this.#pad = pad;
    const tools = Array.from(box.querySelectorAll("[name=tool]"), ({ value }) => value);
    this.#pens = tools.filter((tool) => tool !== ERASER);
    this.#pen = this.#pens.includes(remembered()) ? remembered() : pad.tool;
    box.addEventListener("change", ({ target }) => this.#choose(target.value));
    this.#choose(this.#pen);
  }

  /** What a key does: "e" changes between pen and eraser, "[" and "]" take another pen. */
  commandOf(key) {
    if (key === "e") {
      return () => this.#choose(this.#pad.tool === ERASER ? this.#pen : ERASER);
    }
    return key in STEPS ? () => this.#choose(this.#penBeside(STEPS[key])) : null;
  }

  #penBeside(step) {
    const index = this.#pens.indexOf(this.#pen) + step;
    return this.#pens[Math.min(Math.max(index, 0), this.#pens.length - 1)];
  }

  #choose(tool) {
    this.#pad.tool = tool;
    this.#box.querySelector(`[value=${tool}]`).checked = true;
    if (tool !== ERASER) {
      this.#pen = tool;
      remember(tool);
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage is blocked.
  }
}

function remember(pen) {
  try {
    localStorage.setItem(KEY, pen);
  } catch {
    // Blocked or full: the pen is only forgotten.
  }
}
