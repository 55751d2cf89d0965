import assert from "node:assert/strict";
import { test } from "node:test";

import { columns, shareRange } from "../days.js";
import { inWords } from "../queue_counts.js";

test("a day begins in UTC, wherever the browser is", () => {
  const lines = [{ name: "Drawings", values: [3] }];
  assert.deepEqual(columns({ days: ["2026-01-02"], lines }), [[Date.UTC(2026, 0, 2) / 1000], [3]]);
});

test("shares are shown from just under the lowest one up to all", () => {
  assert.deepEqual(shareRange([{ values: [null, 0.97] }, { values: [0.99, 1] }]), [0.95, 1]);
  assert.deepEqual(shareRange([{ values: [0.01] }]), [0, 1]);
  assert.equal(shareRange([{ values: [null] }]), null);
});

test("a queue longer than what is counted says so", () => {
  assert.equal(inWords(10_000, 10_000), "10,000");
  assert.equal(inWords(10_001, 10_000), "over 10,000");
});
