import assert from "node:assert/strict";
import { test } from "node:test";

import { makeKey } from "../outbox.js";
import { keptInWords, othersInWords, sentInWords, waitingInWords } from "../words.js";

const DRAWING = { id: null };
const CORRECTION = { id: "an id" };

test("what waits is counted, and told what it waits for", () => {
  assert.equal(waitingInWords([], true), "");
  assert.equal(
    waitingInWords([DRAWING], false),
    "1 drawing is kept on this device, to be sent when you are online.",
  );
  assert.equal(
    waitingInWords([DRAWING, DRAWING, CORRECTION], true),
    "2 drawings and 1 correction are kept on this device, to be sent as soon as the server answers.",
  );
  assert.match(keptInWords(false), /it will be sent when you are online\.$/);
});

test("others' drawings and sent ones are counted too", () => {
  assert.equal(othersInWords([]), "");
  assert.match(othersInWords([DRAWING]), /^1 drawing of another account waits/);
  assert.match(othersInWords([DRAWING, DRAWING]), /^2 drawings of other accounts wait/);
  assert.match(sentInWords(1), /the drawing that was/);
  assert.match(sentInWords(3), /3 drawings/);
});

test("a key is a random UUID, each time another", () => {
  const keys = Array.from({ length: 100 }, makeKey);
  assert.equal(new Set(keys).size, 100);
  for (const key of keys) {
    assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
