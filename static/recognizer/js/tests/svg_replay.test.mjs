import assert from "node:assert/strict";
import { test } from "node:test";

import { embedCode } from "../gallery/sharing.js";
import { shareAt, shares } from "../svg_replay.js";

test("how much of a stroke lies before each point goes by length", () => {
  assert.deepEqual(shares([[0, 0, 0], [30, 0, 10], [30, 10, 20]]), [0, 0.75, 1]);
});

test("a dot is all there at once", () => {
  assert.deepEqual(shares([[5, 5, 0]]), [1]);
  assert.equal(shareAt(0, [0], [1]), 1);
});

test("a stroke grows with the clock, and is hidden before it begins", () => {
  const [times, partial] = [[100, 200, 300], [0, 0.75, 1]];
  assert.equal(shareAt(50, times, partial), 0);
  assert.equal(shareAt(150, times, partial), 0.375);
  assert.equal(shareAt(250, times, partial), 0.875);
  assert.equal(shareAt(900, times, partial), 1);
});

test("the code to embed a drawing frames the page that may be framed", () => {
  const code = embedCode("https://example.org/s/abc/embed/");
  assert.match(code, /^<iframe src="https:\/\/example\.org\/s\/abc\/embed\/" /);
});
