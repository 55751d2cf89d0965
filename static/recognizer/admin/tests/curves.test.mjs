import assert from "node:assert/strict";
import { test } from "node:test";

import { columns, hasNumbers } from "../curves.js";

const history = [
  { epoch: 1, loss: 0.4, val_loss: 0.3 },
  { epoch: 2, loss: 0.2, val_loss: 0.1 },
];

test("a history without epochs has nothing to draw", () => {
  assert.equal(hasNumbers(columns([], ["loss"])), false);
});

test("a name that no epoch recorded has nothing to draw", () => {
  assert.equal(hasNumbers(columns(history, ["accuracy"])), false);
});

test("every name is a column beside the epochs", () => {
  assert.deepEqual(columns(history, ["loss", "val_loss"]), [[1, 2], [0.4, 0.2], [0.3, 0.1]]);
});

test("what is not a number is a gap", () => {
  const broken = [{ epoch: 1, loss: null }, { epoch: 2, loss: NaN }, { epoch: 3, loss: 0.1 }];
  assert.deepEqual(columns(broken, ["loss"]), [[1, 2, 3], [null, null, 0.1]]);
  assert.equal(hasNumbers(columns(broken, ["loss"])), true);
});
