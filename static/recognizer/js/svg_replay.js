import { schedule } from "./replay.js";

const SIDE = 100;
const SVG = "http://www.w3.org/2000/svg";

/** For each point of a stroke how much of the stroke lies before it, from 0 to 1. */
export function shares(stroke) {
  let length = 0;
  const lengths = stroke.map(([x, y], i) => {
    if (i > 0) length += Math.hypot(x - stroke[i - 1][0], y - stroke[i - 1][1]);
    return length;
  });
  return lengths.map((before) => (length > 0 ? before / length : 1));
}

/** How much of a stroke is drawn at `now`; 0 before it begins. */
export function shareAt(now, times, partial) {
  if (now < times[0]) return 0;
  const next = times.findIndex((t) => t > now);
  if (next < 0) return 1;
  const [from, to] = [times[next - 1], times[next]];
  const part = (now - from) / (to - from);
  return partial[next - 1] + (partial[next] - partial[next - 1]) * part;
}

export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Draws the strokes of an <svg data-strokes="[[[x, y, t], …], …]"> again, one <path> each. */
export class SvgReplay {
  #svg;
  #strokes;
  #paths;
  #frame = null;
  #extra = null;

  constructor(svg) {
    this.#svg = svg;
    this.#strokes = JSON.parse(svg.dataset.strokes);
    this.#paths = [...svg.querySelectorAll("path")];
  }

  get isPlaying() {
    return this.#frame !== null;
  }

  /** From the start; for who wants no motion, numbers show the order instead. */
  play() {
    this.stop();
    if (isStill()) {
      this.#add(numbers(this.#strokes));
      return;
    }
    const { times, duration } = schedule(this.#strokes, SIDE);
    const partial = this.#strokes.map(shares);
    const lengths = this.#paths.map((path) => path.getTotalLength());
    this.#add(this.#ghost());
    const start = performance.now();
    const step = (now) => {
      const at = Math.max(0, now - start);
      if (at >= duration) return this.stop();
      this.#paths.forEach((path, i) => {
        showPart(path, shareAt(at, times[i], partial[i]), lengths[i]);
      });
      this.#frame = requestAnimationFrame(step);
    };
    step(start);
  }

  /** All of it again. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#extra?.remove();
    this.#extra = null;
    for (const path of this.#paths) {
      path.removeAttribute("stroke-dasharray");
      path.removeAttribute("visibility");
    }
  }

  #add(element) {
    this.#extra = element;
    this.#svg.prepend(element);
    if (element.classList.contains("ink-numbers")) this.#svg.append(element);
  }

  #ghost() {
    const ghost = this.#paths[0].parentNode.cloneNode(true);
    ghost.classList.add("ink-ghost");
    return ghost;
  }
}

// A dash of no length would be painted as a dot by round caps.
function showPart(path, share, length) {
  path.setAttribute("visibility", share > 0 ? "visible" : "hidden");
  path.setAttribute("stroke-dasharray", `${share * length} ${length + SIDE}`);
}

function numbers(strokes) {
  const group = document.createElementNS(SVG, "g");
  group.classList.add("ink-numbers");
  strokes.forEach(([[x, y]], index) => {
    const disc = document.createElementNS(SVG, "circle");
    const text = document.createElementNS(SVG, "text");
    for (const [name, value] of Object.entries({ cx: x, cy: y, r: 5 })) disc.setAttribute(name, value);
    for (const [name, value] of Object.entries({ x, y })) text.setAttribute(name, value);
    text.textContent = String(index + 1);
    group.append(disc, text);
  });
  return group;
}

/** Replays what is pressed, and what a mouse comes over, anywhere below `root`. */
export function replayBelow(root) {
  const known = new WeakMap();
  const play = (sheet) => {
    const svg = sheet?.querySelector("svg[data-strokes]");
    if (!svg) return;
    if (!known.has(svg)) known.set(svg, new SvgReplay(svg));
    known.get(svg).play();
  };
  root.addEventListener("pointerover", ({ target, relatedTarget, pointerType }) => {
    const sheet = target.closest?.("[data-replays]");
    const isEntered = sheet && !sheet.contains(relatedTarget);
    if (isEntered && pointerType === "mouse" && !isStill()) play(sheet);
  });
  root.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-action='replay']");
    if (button) {
      play(button.closest("[data-replays]") ?? root.querySelector("[data-replays]"));
    } else {
      play(target.closest("[data-replays]"));
    }
  });
}
