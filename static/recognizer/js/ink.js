import { getStrokeOutlinePoints } from "../vendor/perfect-freehand-1.2.3/index.mjs";

/** How broad each pen writes, in logical pixels of the canvas. The reading does not depend on it. */
export const PEN_WIDTHS = { fine: 9, medium: 17, broad: 28 };

const PIECE = 48; // points
const FOLLOW = 0.7; // how far the ink goes towards each new point; perfect-freehand's "streamline"
const LEAST_STEP = 0.5; // logical pixels
const DOT_CORNERS = 24;

/**
 * The ink of one stroke as outlines by perfect-freehand, in pieces that grow with the stroke.
 *
 * A point is smoothed once, when it comes, and a piece that is full never changes again; so a
 * frame costs the same however long the stroke is. An outline is a list of [x, y] corners.
 */
export class Ink {
  #stroke;
  #measured;
  #read = 0;
  #points = [];

  /** @param stroke {pointerType, width, points}; its points may grow, and are never changed. */
  constructor(stroke) {
    this.#stroke = stroke;
    this.#measured = hasPressure(stroke);
  }

  /** How many pieces are full. */
  get fullPieces() {
    this.#readOn();
    return Math.max(0, Math.floor((this.#points.length - 2) / PIECE));
  }

  /** The outline of a full piece; it reaches one point into the next, so that no seam shows. */
  piece(index) {
    this.#readOn();
    return this.#outline(this.#points.slice(index * PIECE, (index + 1) * PIECE + 2));
  }

  /** The outline of what follows the full pieces, up to the pen's own tip and on to `predicted`. */
  tail(predicted = []) {
    const points = this.#points.slice(this.fullPieces * PIECE);
    for (const point of [this.#stroke.points.at(-1), ...predicted]) {
      const next = this.#after(points.at(-1), [point.x, point.y], point.pressure);
      if (next.distance > 0) {
        points.push(next);
      }
    }
    return this.#outline(points);
  }

  #readOn() {
    const { points } = this.#stroke;
    for (; this.#read < points.length; this.#read += 1) {
      this.#take(points[this.#read]);
    }
  }

  #take({ x, y, pressure }) {
    const last = this.#points.at(-1);
    if (!last) {
      const start = this.#measured ? pressure : 0.5;
      this.#points.push({ point: [x, y], vector: [1, 0], distance: 0, runningLength: 0, pressure: start });
      return;
    }
    const [fromX, fromY] = last.point;
    const point = [fromX + (x - fromX) * FOLLOW, fromY + (y - fromY) * FOLLOW];
    const next = this.#after(last, point, pressure);
    if (next.distance < LEAST_STEP) {
      return; // It has no direction that can be trusted.
    }
    if (this.#points.length === 1) {
      last.vector = next.vector;
    }
    this.#points.push(next);
  }

  /** A point as perfect-freehand describes it; its vector points back to the one before. */
  #after(last, point, pressure) {
    const [dx, dy] = [last.point[0] - point[0], last.point[1] - point[1]];
    const distance = Math.hypot(dx, dy);
    return {
      point,
      vector: distance > 0 ? [dx / distance, dy / distance] : last.vector,
      distance,
      runningLength: last.runningLength + distance,
      pressure: this.#measured
        ? (last.pressure + pressure) / 2
        : pressureAtSpeed(last.pressure, distance / this.#stroke.width),
    };
  }

  #outline(points) {
    const size = this.#stroke.width;
    const thinning = this.#measured ? 0.6 : 0.25;
    if (points.length === 1) {
      return circle(points[0].point, size * (0.5 - thinning * (0.5 - points[0].pressure)));
    }
    return getStrokeOutlinePoints(points, { size, thinning, smoothing: 0.5, simulatePressure: false });
  }
}

/** A pen measures it. A finger's is measured if it is none of the values that stand for "unknown". */
function hasPressure({ pointerType, points: [{ pressure }] }) {
  return pointerType === "pen" || (pointerType === "touch" && ![0, 0.5, 1].includes(pressure));
}

/** perfect-freehand's own rule: a fast pen presses less. */
function pressureAtSpeed(before, widths) {
  const speed = Math.min(1, widths);
  return Math.min(1, before + (1 - speed - before) * speed * 0.275);
}

function circle([x, y], radius) {
  return Array.from({ length: DOT_CORNERS }, (_, index) => {
    const angle = (index / DOT_CORNERS) * 2 * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}
