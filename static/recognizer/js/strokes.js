/** Side of the logical canvas; stroke coordinates do not depend on its size on screen. */
export const CANVAS_SIZE = 280;

/** Where a pointer event falls inside `box`; both coordinates run from 0 to 1. */
export function toUnitPoint({ clientX, clientY }, box) {
  return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
}

/** A unit point in logical pixels; a pointer that left the canvas is held at its edge. */
export function toCanvasPoint({ x, y }) {
  return { x: clamp(x) * CANVAS_SIZE, y: clamp(y) * CANVAS_SIZE };
}

function clamp(unit) {
  return Math.min(Math.max(unit, 0), 1);
}

function round(value) {
  return Math.round(value * 100) / 100;
}

/**
 * The strokes of one drawing, and every edit made to them.
 *
 * A stroke is {pointerType, width, points: [{x, y, t, pressure}]}: the pen's width in logical
 * pixels, t in ms on any one clock. An edit replaces the list `strokes` and never changes it, so the same list is the same
 * drawing: undoing back to a state gives back the very list that was there.
 */
export class Drawing {
  strokes = [];
  current = null;
  #past = [];
  #future = [];

  get isEmpty() {
    return this.strokes.length === 0 && !this.strokes.image;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  begin(point, { pointerType, width }) {
    this.current = { pointerType, width, points: [point] };
  }

  /** Adds a point to the stroke being drawn; one that has not moved is dropped. */
  addPoint(point) {
    const last = this.current.points.at(-1);
    if (last.x !== point.x || last.y !== point.y) {
      this.current.points.push(point);
    }
  }

  end() {
    const stroke = this.current;
    this.current = null;
    this.#replace([...this.strokes, stroke]);
  }

  /** Forgets the stroke being drawn. */
  cancel() {
    this.current = null;
  }

  /** Takes whole strokes away; what is not the first of a sweep is part of the same edit. */
  erase(isErased, { isFirst = true } = {}) {
    const left = this.strokes.filter((stroke) => !isErased(stroke));
    if (left.length === this.strokes.length) {
      return;
    }
    if (isFirst) {
      this.#replace(left);
    } else {
      this.strokes = left;
    }
  }

  /** Begins with strokes from before, with nothing to undo. */
  restore(strokes) {
    if (strokes.length > 0) {
      this.strokes = strokes;
      this.#past = [];
      this.#future = [];
    }
  }

  /** Lays something else on the pad, such as a picture. */
  put(strokes) {
    this.#replace(strokes);
  }

  clear() {
    if (!this.isEmpty) {
      this.#replace([]);
    }
  }

  undo() {
    if (this.canUndo) {
      this.#future.push(this.strokes);
      this.strokes = this.#past.pop();
    }
  }

  redo() {
    if (this.canRedo) {
      this.#past.push(this.strokes);
      this.strokes = this.#future.pop();
    }
  }

  #replace(strokes) {
    this.#past.push(this.strokes);
    this.#future = [];
    this.strokes = strokes;
  }
}

/** A picture in place of strokes: a list without any, which carries the picture's data URL. */
export function pictured(image) {
  return Object.assign([], { image });
}

/**
 * The body that the API reads: [x, y, t] with t in whole ms since the first point. How broad the pen
 * was is how it looks here, and nothing that is read.
 */
export function toApiBody(strokes) {
  if (strokes.image) {
    return { image: strokes.image };
  }
  const start = strokes[0]?.points[0].t ?? 0;
  return {
    strokes: strokes.map(({ points }) =>
      points.map(({ x, y, t }) => [round(x), round(y), Math.max(0, Math.round(t - start))]),
    ),
    width: CANVAS_SIZE,
    height: CANVAS_SIZE,
  };
}
