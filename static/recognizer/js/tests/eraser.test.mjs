import assert from "node:assert/strict";
import { test } from "node:test";

import { touches } from "../eraser.js";

const line = { width: 10, points: [{ x: 100, y: 50 }, { x: 100, y: 150 }] };
const still = (x, y) => [{ x, y }, { x, y }];

test("an eraser on the ink between two points touches the stroke", () => {
  assert.ok(touches(line, ...still(105, 100)));
});

test("an eraser beside the ink does not touch it", () => {
  assert.ok(!touches(line, ...still(113, 100)));
  assert.ok(!touches(line, ...still(100, 163)));
});

test("a broad stroke is touched from farther away", () => {
  assert.ok(touches({ ...line, width: 28 }, ...still(113, 100)));
});

test("an eraser that crosses a stroke between two events touches it", () => {
  assert.ok(touches(line, { x: 20, y: 100 }, { x: 180, y: 100 }));
});

test("a dot can be erased", () => {
  assert.ok(touches({ width: 10, points: [{ x: 5, y: 5 }] }, ...still(6, 6)));
});
