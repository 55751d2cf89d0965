import assert from "node:assert/strict";
import { test } from "node:test";

import { BOX, evenly, layOut, progress, series } from "../curves.js";

const history = [
  { epoch: 1, loss: 0.4, val_loss: 0.3 },
  { epoch: 2, loss: 0.2, val_loss: 0.1 },
];

test("a history without epochs has no chart", () => {
  assert.equal(layOut([], ["loss"]), null);
});

test("a name that no epoch recorded has no chart", () => {
  assert.equal(layOut(history, ["accuracy"]), null);
});

test("a record that is not a number is left out", () => {
  const broken = [{ epoch: 1, loss: null }, { epoch: 2, loss: NaN }, { epoch: 3, loss: 0.1 }];
  assert.deepEqual(series(broken, "loss"), [{ epoch: 3, value: 0.1 }]);
});

test("the lines of a chart fill its box", () => {
  const [loss, validation] = layOut(history, ["loss", "val_loss"]).lines;
  assert.deepEqual(loss.points[0], { x: BOX.left, y: BOX.top });
  assert.deepEqual(validation.points[1], { x: BOX.width - BOX.right, y: BOX.height - BOX.bottom });
});

test("one epoch is a point in the middle", () => {
  const [line] = layOut(history.slice(0, 1), ["loss"]).lines;
  assert.equal(line.points[0].x, BOX.left + (BOX.width - BOX.left - BOX.right) / 2);
  assert.ok(Number.isFinite(line.points[0].y));
});

test("a loss that does not change is a straight line", () => {
  const flat = [{ epoch: 1, loss: 0 }, { epoch: 2, loss: 0 }];
  const [line] = layOut(flat, ["loss"]).lines;
  assert.equal(line.points[0].y, line.points[1].y);
});

test("many epochs are numbered now and then, the first and the last always", () => {
  const numbers = evenly(1, 47, 6);
  assert.ok(numbers.length <= 7);
  assert.equal(numbers[0], 1);
  assert.equal(numbers.at(-1), 47);
  assert.deepEqual(evenly(1, 1, 6), [1]);
  assert.deepEqual(evenly(1, 4, 6), [1, 2, 3, 4]);
});

test("progress counts whole epochs and the steps of this one", () => {
  const run = { state: "running", epoch: 3, epochs: 4, step: 50, steps: 100 };
  assert.equal(progress(run), 0.625);
  assert.equal(progress({ ...run, epoch: 0 }), 0);
  assert.equal(progress({ ...run, epochs: 0 }), 0);
  assert.equal(progress({ ...run, state: "succeeded" }), 1);
});
