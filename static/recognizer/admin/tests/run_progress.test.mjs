import assert from "node:assert/strict";
import { test } from "node:test";

import { inWords, progress, secondsLeft } from "../run_progress.js";

const run = {
  state: "running",
  epoch: 3,
  epochs: 4,
  step: 50,
  steps: 100,
  history: [{ epoch: 1, seconds: 12 }, { epoch: 2, seconds: 8 }],
};

test("progress counts whole epochs and the steps of this one", () => {
  assert.equal(progress(run), 0.625);
  assert.equal(progress({ ...run, epoch: 0 }), 0);
  assert.equal(progress({ ...run, epochs: 0 }), 0);
  assert.equal(progress({ ...run, state: "succeeded" }), 1);
});

test("the time left goes by the pace of the epochs that are over", () => {
  assert.equal(secondsLeft(run), 15);
  assert.equal(secondsLeft({ ...run, step: 0, epoch: 2 }), 20);
});

test("nobody knows how long before the first epoch is over, or when none is to come", () => {
  assert.equal(secondsLeft({ ...run, history: [] }), null);
  assert.equal(secondsLeft({ ...run, state: "succeeded" }), null);
});

test("time is told roughly", () => {
  assert.equal(inWords(null), "–");
  assert.equal(inWords(3), "about 5 s");
  assert.equal(inWords(38), "about 40 s");
  assert.equal(inWords(150), "about 3 min");
  assert.equal(inWords(7800), "about 2 h 10 min");
});
