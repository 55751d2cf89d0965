import assert from "node:assert/strict";
import { test } from "node:test";

import { Drawing, pictured, toApiBody } from "../strokes.js";
import { check, fileIn, fittedSize, PictureError } from "../upload_picture.js";

const file = (type, size = 1000) => ({ type, size });

test("of several files the first picture is read", () => {
  const picture = file("image/png");
  assert.equal(fileIn([file("text/plain"), picture, file("image/jpeg")]), picture);
});

test("where no file is a picture the first one is there to be refused", () => {
  const text = file("text/plain");
  assert.equal(fileIn([text]), text);
  assert.equal(fileIn([]), null);
  assert.equal(fileIn(undefined), null);
});

test("what is no picture, and what is too large, is refused with the reason", () => {
  assert.throws(() => check(file("application/pdf")), new PictureError(
    "That is not a picture. Choose a photo or another picture of a digit.",
  ));
  assert.throws(() => check(file("image/jpeg", 61e6)), /too large: at most 60 MB/);
});

test("a file of unknown kind is left for the browser to open", () => {
  check(file(""));
  check(file("image/heic"));
});

test("a small picture keeps its size", () => {
  assert.deepEqual(fittedSize({ width: 28, height: 28 }), { width: 28, height: 28 });
});

test("a large photo is shrunk to what is sent, as it is shaped", () => {
  assert.deepEqual(fittedSize({ width: 4000, height: 3000 }), { width: 1600, height: 1200 });
  assert.deepEqual(fittedSize({ width: 9000, height: 2 }), { width: 1600, height: 1 });
});

test("a picture on the pad is sent in place of strokes", () => {
  assert.deepEqual(toApiBody(pictured("data:x")), { image: "data:x" });
});

test("a picture is undone to the drawing before, and cleared like one", () => {
  const drawing = new Drawing();
  drawing.begin({ x: 1, y: 1, t: 0, pressure: 0.5 }, { pointerType: "mouse", width: 9 });
  drawing.end();
  drawing.put(pictured("data:x"));
  assert.deepEqual([drawing.isEmpty, drawing.strokes.image], [false, "data:x"]);
  drawing.undo();
  assert.equal(drawing.strokes.length, 1);
  drawing.redo();
  drawing.clear();
  assert.deepEqual([drawing.isEmpty, drawing.strokes.image], [true, undefined]);
});

test("a stroke on a picture begins a drawing, and undo brings the picture back", () => {
  const drawing = new Drawing();
  drawing.put(pictured("data:x"));
  drawing.begin({ x: 1, y: 1, t: 0, pressure: 0.5 }, { pointerType: "mouse", width: 9 });
  drawing.end();
  assert.deepEqual([drawing.strokes.length, drawing.strokes.image], [1, undefined]);
  drawing.undo();
  assert.equal(drawing.strokes.image, "data:x");
});
