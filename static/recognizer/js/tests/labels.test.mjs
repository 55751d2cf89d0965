import assert from "node:assert/strict";
import { test } from "node:test";

import { describeLabel } from "../labels.js";

test("a label is told with what became of it", () => {
  assert.equal(
    describeLabel({ value: "7", state: "suggested" }),
    "Labelled 7 · waiting for review",
  );
});

test("a drawing without a label says so", () => {
  assert.equal(describeLabel(null), "Not labelled");
});
