import assert from "node:assert/strict";
import { test } from "node:test";

import { toPercent } from "../bars.js";

test("a share is told with one decimal", () => {
  assert.equal(toPercent(0.9934), "99.3 %");
  assert.equal(toPercent(0), "0.0 %");
});

test("what is not certain is never 100 percent", () => {
  assert.equal(toPercent(0.99999), "99.9 %");
  assert.equal(toPercent(1), "100.0 %");
});
