import assert from "node:assert/strict";
import { test } from "node:test";

import { drawnBy, schedule, view } from "../replay.js";

test("strokes are replayed by their own times, from zero", () => {
  const { times, duration } = schedule([[[0, 0, 40], [10, 0, 90], [20, 0, 140]]], 280);
  assert.deepEqual(times, [[0, 50, 100]]);
  assert.equal(duration, 100);
});

test("a long pause between strokes is cut short", () => {
  const { times } = schedule([[[0, 0, 0], [10, 0, 100]], [[0, 9, 60_100], [10, 9, 60_200]]], 280);
  assert.deepEqual(times[1], [350, 450]);
});

test("strokes without times are drawn at a constant speed", () => {
  const { times } = schedule([[[0, 0, -1], [10, 0, -1], [30, 0, -1]]], 280);
  const [first, second, third] = times[0];
  assert.equal(first, 0);
  assert.ok(Math.abs(third - 3 * second) < 1e-9);
});

test("times that run backwards count as unknown", () => {
  const { times } = schedule([[[0, 0, 50], [10, 0, 20], [20, 0, 90]]], 280);
  assert.ok(times[0][0] < times[0][1] && times[0][1] < times[0][2]);
});

test("however slowly it was drawn, a replay ends soon", () => {
  const { times, duration } = schedule([[[0, 0, 0], [10, 0, 60_000], [20, 0, 120_000]]], 280);
  assert.equal(duration, 3500);
  assert.deepEqual(times, [[0, 1750, 3500]]);
});

test("a stroke under way ends between its points", () => {
  const strokes = [[[0, 0, 0], [10, 0, 100]], [[0, 9, 200], [10, 9, 300]]];
  const { times } = schedule(strokes, 280);
  assert.deepEqual(drawnBy(strokes, times, 50), [[[0, 0, 0], [5, 0]]]);
  assert.equal(drawnBy(strokes, times, 1000).length, 2);
});

test("a small drawing is shown large, in the middle", () => {
  const square = view({ strokes: [[[100, 100], [200, 180]]], width: 1000, height: 1000 });
  assert.deepEqual(square, { x: 25, y: 15, side: 250 });
});

test("a speck stays a speck, and a picture is shown whole", () => {
  assert.equal(view({ strokes: [[[5, 5], [6, 6]]], width: 280, height: 100 }).side, 70);
  const picture = view({ picture: "data:", width: 200, height: 100 });
  assert.deepEqual(picture, { x: 0, y: -50, side: 200 });
});
