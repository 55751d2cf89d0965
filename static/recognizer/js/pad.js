import { touches } from "./eraser.js";
import { PEN_WIDTHS } from "./ink.js";
import { Painter } from "./painter.js";
import { isEraserEnd, recordPointer } from "./pointer.js";
import { Drawing, toCanvasPoint, toUnitPoint } from "./strokes.js";

export const ERASER = "eraser";

/** The canvas with the drawing on it: draws and erases with the tool in hand, and edits. */
export class Pad {
  drawing = new Drawing();
  #canvas;
  #painter;
  #handlers;
  #sweep = null;

  /** @param handlers onStart(), onMove() of a stroke; onEdit() once the list of strokes is another. */
  constructor(canvas, handlers) {
    this.#canvas = canvas;
    this.#painter = new Painter(canvas, this.drawing);
    this.#handlers = handlers;
    recordPointer(canvas, {
      onStart: (event, box) => this.#start(event, toPoint(event, box)),
      onMove: (events, predicted, box) =>
        this.#move(
          events.map((event) => toPoint(event, box)),
          predicted.map((event) => toPoint(event, box)),
        ),
      onEnd: () => this.#end(),
      onTakeBack: () => this.#takeBack(),
    });
  }

  /** The tool in hand: a pen's name in PEN_WIDTHS, or the eraser. */
  get tool() {
    return this.#canvas.dataset.tool;
  }

  set tool(name) {
    this.#canvas.dataset.tool = name;
  }

  /** The strokes, with the one that is being drawn. */
  get strokesSoFar() {
    const { strokes, current } = this.drawing;
    return current ? [...strokes, current] : strokes;
  }

  undo = () => this.#edit(() => this.drawing.undo());
  redo = () => this.#edit(() => this.drawing.redo());
  clear = () => this.#edit(() => this.drawing.clear());

  put = (strokes) => this.#edit(() => this.drawing.put(strokes));

  /** Puts strokes on an empty pad, with nothing to undo. */
  restore(strokes) {
    this.#edit(() => this.drawing.restore(strokes));
  }

  #start(event, point) {
    this.#handlers.onStart();
    if (this.tool === ERASER || isEraserEnd(event)) {
      this.#sweep = { at: point, before: this.drawing.strokes };
      this.#erase(point);
    } else {
      this.drawing.begin(point, {
        pointerType: event.pointerType,
        width: PEN_WIDTHS[this.tool],
      });
    }
    this.#painter.repaint();
  }

  #move(points, predicted) {
    for (const point of points) {
      if (this.#sweep) {
        this.#erase(point);
      } else {
        this.drawing.addPoint(point);
      }
    }
    this.#painter.predicted = this.#sweep ? [] : predicted;
    this.#painter.repaint();
    this.#handlers.onMove();
  }

  #erase(point) {
    const { at, before } = this.#sweep;
    this.drawing.erase((stroke) => touches(stroke, at, point), {
      isFirst: this.drawing.strokes === before,
    });
    this.#sweep.at = point;
  }

  #end() {
    this.#painter.predicted = [];
    if (this.#sweep) {
      this.#sweep = null;
    } else {
      this.drawing.end();
    }
    this.#afterEdit();
  }

  #takeBack() {
    this.#painter.predicted = [];
    if (this.#sweep && this.drawing.strokes !== this.#sweep.before) {
      this.drawing.undo();
    }
    this.#sweep = null;
    this.drawing.cancel();
    this.#afterEdit();
  }

  /** Not in the middle of a stroke: what the hand is doing comes first. */
  #edit(change) {
    if (this.drawing.current || this.#sweep) {
      return;
    }
    const before = this.drawing.strokes;
    change();
    if (this.drawing.strokes !== before) {
      this.#afterEdit();
    }
  }

  #afterEdit() {
    this.#painter.repaint();
    this.#handlers.onEdit();
  }
}

/** Its time is that of the day, so that a drawing goes on after a reload. */
function toPoint(event, box) {
  const { x, y } = toCanvasPoint(toUnitPoint(event, box));
  return { x, y, t: performance.timeOrigin + event.timeStamp, pressure: event.pressure };
}
