import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Network } from "../../recogniser/network.js";
import { preprocess } from "../../recogniser/preprocess.js";
import { whatMattered } from "../places.js";
import { relevanceOf } from "../relevance.js";

const at = (url) => readFileSync(new URL(url, import.meta.url));
const golden = JSON.parse(at("../../recogniser/tests/golden.json"));
const bitmapAs = (name) => preprocess(golden.drawings.find((drawing) => drawing.name === name).drawn);
const pixel = (x, y) => y * 28 + x;

/** A bitmap of two bars, and a network that sees "a" in the upper, "b" in the lower one. */
function makeTwoBars() {
  const bitmap = new Float32Array(784);
  for (let x = 6; x < 22; x += 1) {
    bitmap.fill(1, pixel(x, 6), pixel(x, 6) + 1);
    bitmap.fill(1, pixel(x, 21), pixel(x, 21) + 1);
  }
  const inkIn = (seen, from, to) => seen.subarray(from * 28, to * 28).reduce((a, b) => a + b, 0);
  let asked = 0;
  const classify = async (seen) => {
    asked += 1;
    const a = Math.exp(inkIn(seen, 0, 14) - inkIn(seen, 14, 28));
    return { a: a / (1 + a), b: 1 / (1 + a) };
  };
  return { bitmap, classify, asked: () => asked };
}

test("ink that spoke for the label is above zero, ink against it below, paper has none", async () => {
  const { bitmap, classify } = makeTwoBars();
  const relevance = await relevanceOf(bitmap, "a", classify);
  assert.ok(relevance[pixel(12, 6)] > 1);
  assert.ok(relevance[pixel(12, 21)] < -1);
  assert.equal(relevance[pixel(12, 13)], 0);
  const other = await relevanceOf(bitmap, "b", classify);
  assert.ok(Math.abs(other[pixel(12, 6)] + relevance[pixel(12, 6)]) < 1e-4);
});

test("looking stops when it is called off, and when its time is over", async () => {
  const { bitmap, classify, asked } = makeTwoBars();
  const abort = new AbortController();
  const askOnce = (seen) => {
    abort.abort();
    return classify(seen);
  };
  await assert.rejects(relevanceOf(bitmap, "a", askOnce, { signal: abort.signal }), { name: "AbortError" });
  assert.equal(asked(), 1);
  let clock = 0;
  const slow = await relevanceOf(bitmap, "a", classify, { now: () => (clock += 400) });
  assert.ok(slow.every(Number.isFinite));
  assert.ok(asked() <= 6);
});

test("what the shipped network goes by in a 4 is where its strokes meet on the left", async () => {
  const file = at("../../../../../ml/pretrained/model.web.bin");
  const network = new Network(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  const classify = async (seen) => {
    const scores = network.classify(seen);
    return Object.fromEntries(network.classes.map((name, index) => [name, scores[index]]));
  };
  const now = () => 0; // however busy the machine
  const { kind, parts } = whatMattered(await relevanceOf(bitmapAs("4"), "4", classify, { now }));
  assert.deepEqual([kind, parts[0]], ["parts", "the left"]);
});
