import assert from "node:assert/strict";
import { test } from "node:test";

import { KeptDrawing } from "../kept_drawing.js";

const KEY = "recognizer.drawing";

function makeStorage(text) {
  const items = new Map(text === undefined ? [] : [[KEY, text]]);
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

function makeStroke(...points) {
  return { pointerType: "pen", width: 9, points };
}

const STROKE = makeStroke({ x: 1, y: 2, t: 1_000, pressure: 0.25 }, { x: 3, y: 4, t: 1_016, pressure: 0.5 });

function keep(storage, strokes) {
  const kept = new KeptDrawing(storage);
  kept.keep(strokes);
  kept.flush();
}

test("a kept drawing comes back with its pens, its pressure and its pace", () => {
  const storage = makeStorage();
  keep(storage, [STROKE]);
  const [stroke] = new KeptDrawing(storage).restore(9_000);
  assert.deepEqual(
    stroke,
    makeStroke({ x: 1, y: 2, t: 8_984, pressure: 0.25 }, { x: 3, y: 4, t: 9_000, pressure: 0.5 }),
  );
});

test("a cleared drawing is forgotten", () => {
  const storage = makeStorage();
  keep(storage, [STROKE]);
  keep(storage, []);
  assert.equal(storage.items.size, 0);
});

test("a drawing that is too large is not kept, nor is an older one in its place", () => {
  const storage = makeStorage();
  keep(storage, [STROKE]);
  keep(storage, [makeStroke(...Array(60_000).fill({ x: 123.45, y: 123.45, t: 1e12, pressure: 0.5 }))]);
  assert.equal(storage.items.size, 0);
});

for (const [what, text] of [
  ["no JSON", "[[1"],
  ["another shape", '{"strokes": 3}'],
  ["an unknown pointer", '[["nose", 9, [[1, 2, 3, 0.5]]]]'],
  ["a stroke without points", '[["pen", 9, []]]'],
  ["a point off the canvas", '[["pen", 9, [[1, 281, 3, 0.5]]]]'],
  ["a time that is none", '[["pen", 9, [[1, 2, null, 0.5]]]]'],
  ["a width that is none", '[["pen", "9", [[1, 2, 3, 0.5]]]]'],
]) {
  test(`what was kept is ignored where it is ${what}`, () => {
    assert.deepEqual(new KeptDrawing(makeStorage(text)).restore(0), []);
  });
}

test("nothing breaks where the browser allows no storage, or it is full", () => {
  keep(null, [STROKE]);
  assert.deepEqual(new KeptDrawing(null).restore(0), []);
  const full = { ...makeStorage(), setItem: () => { throw new Error("QuotaExceededError"); } };
  keep(full, [STROKE]);
  assert.deepEqual(new KeptDrawing(full).restore(0), []);
});
