import assert from "node:assert/strict";
import { test } from "node:test";

import { Drawing, toApiBody, toCanvasPoint, toUnitPoint } from "../strokes.js";

const PEN = { pointerType: "mouse", width: 17 };

function drawStroke(drawing, ...points) {
  const [first, ...rest] = points.map(([x, y, t = 0]) => ({ x, y, t, pressure: 0.5 }));
  drawing.begin(first, PEN);
  rest.forEach((point) => drawing.addPoint(point));
  drawing.end();
}

test("a pointer in the middle of the box is at one half", () => {
  const box = { left: 100, top: 50, width: 200, height: 200 };
  assert.deepEqual(toUnitPoint({ clientX: 200, clientY: 150 }, box), { x: 0.5, y: 0.5 });
});

test("a pointer that left the canvas is held at its edge", () => {
  assert.deepEqual(toCanvasPoint({ x: -0.2, y: 1.7 }), { x: 0, y: 280 });
});

test("a new drawing can do nothing but be drawn on", () => {
  const drawing = new Drawing();
  assert.deepEqual(
    [drawing.isEmpty, drawing.canUndo, drawing.canRedo],
    [true, false, false],
  );
});

test("undo takes the last stroke away and redo brings it back", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1]);
  drawStroke(drawing, [2, 2]);
  drawing.undo();
  assert.equal(drawing.strokes.length, 1);
  drawing.redo();
  assert.equal(drawing.strokes.length, 2);
});

test("undo and redo on nothing change nothing", () => {
  const drawing = new Drawing();
  drawing.undo();
  drawing.redo();
  assert.ok(drawing.isEmpty);
});

test("clear can be undone", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1]);
  drawing.clear();
  assert.ok(drawing.isEmpty);
  drawing.undo();
  assert.equal(drawing.strokes.length, 1);
});

test("clearing an empty drawing leaves nothing to undo", () => {
  const drawing = new Drawing();
  drawing.clear();
  assert.ok(!drawing.canUndo);
});

test("a new stroke forgets what was undone", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1]);
  drawing.undo();
  drawStroke(drawing, [2, 2]);
  assert.ok(!drawing.canRedo);
});

test("undoing back to a state gives the very same list of strokes", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1]);
  const before = drawing.strokes;
  drawStroke(drawing, [2, 2]);
  assert.notEqual(drawing.strokes, before);
  drawing.undo();
  assert.equal(drawing.strokes, before);
});

test("a point that has not moved is dropped", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1, 0], [1, 1, 8], [2, 1, 16]);
  assert.equal(drawing.strokes[0].points.length, 2);
});

test("erasing takes whole strokes away and can be undone and redone", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1], [1, 9]);
  drawStroke(drawing, [5, 5]);
  const [erased, left] = drawing.strokes;
  drawing.erase((stroke) => stroke === erased);
  assert.deepEqual(drawing.strokes, [left]);
  drawing.undo();
  assert.deepEqual(drawing.strokes, [erased, left]);
  drawing.redo();
  assert.deepEqual(drawing.strokes, [left]);
});

test("what one sweep of the eraser takes away comes back with one undo", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1]);
  drawStroke(drawing, [5, 5]);
  const [first, second] = drawing.strokes;
  drawing.erase((stroke) => stroke === first);
  drawing.erase((stroke) => stroke === second, { isFirst: false });
  assert.ok(drawing.isEmpty);
  drawing.undo();
  assert.deepEqual(drawing.strokes, [first, second]);
});

test("an eraser that touches nothing leaves nothing to undo", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [1, 1]);
  const { strokes } = drawing;
  drawing.erase(() => false);
  assert.equal(drawing.strokes, strokes);
  drawing.undo();
  assert.ok(!drawing.canUndo);
});

test("a stroke that is taken back was never drawn", () => {
  const drawing = new Drawing();
  drawing.begin({ x: 1, y: 1, t: 0, pressure: 0.5 }, PEN);
  drawing.cancel();
  assert.ok(drawing.isEmpty && !drawing.canUndo && drawing.current === null);
});

test("a drawing from before the reload leaves nothing to undo", () => {
  const drawing = new Drawing();
  drawing.restore([{ ...PEN, points: [{ x: 1, y: 1, t: 0, pressure: 0.5 }] }]);
  assert.ok(!drawing.isEmpty && !drawing.canUndo);
});

test("the API never hears of the pen's width, so that no reading depends on it", () => {
  const bodies = [9, 28].map((width) => {
    const drawing = new Drawing();
    drawing.begin({ x: 1, y: 1, t: 0, pressure: 0.5 }, { pointerType: "pen", width });
    drawing.end();
    return JSON.stringify(toApiBody(drawing.strokes));
  });
  assert.equal(bodies[0], bodies[1]);
});

test("the API gets coordinates to 0.01 and whole milliseconds since the first point", () => {
  const drawing = new Drawing();
  drawStroke(drawing, [10.123, 20, 5000.2], [11.999, 21, 5016.9]);
  drawStroke(drawing, [30, 40, 6000.2]);
  assert.deepEqual(toApiBody(drawing.strokes), {
    strokes: [
      [
        [10.12, 20, 0],
        [12, 21, 17],
      ],
      [[30, 40, 1000]],
    ],
    width: 280,
    height: 280,
  });
});

test("an empty drawing is an empty list for the API", () => {
  assert.deepEqual(toApiBody([]), { strokes: [], width: 280, height: 280 });
});
