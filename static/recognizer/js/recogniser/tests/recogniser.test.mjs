import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inflateSync } from "node:zlib";

import { Network } from "../network.js";
import { toPngUrl } from "../png.js";
import { inkBox, preprocess } from "../preprocess.js";
import { Reader } from "../reader.js";
import { refuseInk } from "../refusal.js";

// Written by `python -m devtools.web_golden`; a Python test holds that it is what Python gives.
const golden = JSON.parse(readFileSync(new URL("./golden.json", import.meta.url), "utf8"));
const drawnAs = (name) => golden.drawings.find((drawing) => drawing.name === name).drawn;

function toBytes(base64) {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

function makeNetwork(name = "residual") {
  return new Network(toBytes(golden.networks.find((network) => network.name === name).file).buffer);
}

for (const { name, drawn, bitmap } of golden.drawings) {
  test(`the bitmap of ${name} is Python's, to the last grey level`, () => {
    const levels = Uint8Array.from(preprocess(drawn), (ink) => Math.round(ink * 255));
    assert.deepEqual(levels, toBytes(bitmap));
  });
}

for (const { name, scores } of golden.networks) {
  test(`the ${name} network gives Keras' scores`, () => {
    const network = makeNetwork(name);
    scores.forEach((expected, digit) => {
      const got = network.classify(preprocess(drawnAs(String(digit))));
      assert.equal(got.length, expected.length);
      expected.forEach((score, index) => assert.ok(Math.abs(got[index] - score) < 1e-5));
    });
  });
}

test("a network reads alike whatever it read before", () => {
  const network = makeNetwork();
  const [three, seven] = ["3", "7"].map((name) => preprocess(drawnAs(name)));
  const before = network.classify(three);
  network.classify(seven);
  assert.deepEqual(network.classify(three), before);
});

test("a file that is no network is refused", () => {
  assert.throws(() => new Network(new TextEncoder().encode("<html>").buffer), TypeError);
  assert.throws(() => new Network(new ArrayBuffer(0)), TypeError);
});

test("a network with an operation that the page does not know is refused", () => {
  const header = { classes: ["1"], image: [28, 28, 1], operations: [{ kind: "magic", inputs: [0] }] };
  const text = JSON.stringify(header);
  const file = new TextEncoder().encode(`HWN1....${text}${" ".repeat((4 - (text.length % 4)) % 4)}`);
  new DataView(file.buffer).setUint32(4, file.length - 8, true);
  assert.throws(() => new Network(file.buffer), /"magic"/);
});

// What is refused

const CANVAS = { width: 280, height: 280 };

test("no ink is blank, a slip of the pen is too small", () => {
  assert.equal(refuseInk(inkBox({ strokes: [] }), CANVAS), "blank");
  assert.equal(refuseInk(inkBox({ strokes: [[]] }), CANVAS), "blank");
  assert.equal(refuseInk(inkBox(drawnAs("a dot")), CANVAS), "too_small");
  assert.equal(refuseInk([0, 0, 8.3, 8.39], CANVAS), "too_small");
  assert.equal(refuseInk([0, 0, 0, 8.4], CANVAS), null);
});

const MESSAGES = { blank: "No ink.", too_small: "Larger.", not_a_digit: "No digit." };

/** A reader whose network gives these scores for anything. */
function makeReader(scores, rejectAbove = 0.5) {
  const classes = ["7", "not a digit", "1"];
  const network = { classes, rejectAbove, classify: () => Float32Array.from(scores) };
  return new Reader(network, 3, MESSAGES);
}

test("an answer has the shape of the API's", () => {
  const { symbols, ...answer } = makeReader([0.9, 0.04, 0.06]).read(drawnAs("7"));
  assert.deepEqual(answer, { text: "7", confidence: 0.9, rejected: null, model: { version: 3 } });
  const [{ input, ...symbol }] = symbols;
  assert.deepEqual(symbol, {
    label: "7",
    confidence: 0.9,
    probabilities: { 7: 0.9, 1: 0.06 },
    box: [85, 65, 105, 160],
  });
  assert.match(input, /^data:image\/png;base64,/);
});

test("what is over the threshold is no digit, and what it would have been is told", () => {
  const answer = makeReader([0.2, 0.51, 0.29]).read(drawnAs("7"));
  assert.deepEqual(answer.rejected, { code: "not_a_digit", message: "No digit." });
  assert.equal(answer.text, "");
  assert.equal(answer.symbols[0].label, "1");
  assert.equal(makeReader([0.2, 0.51, 0.29], 0.52).read(drawnAs("7")).text, "1");
});

test("a blank drawing has no symbols, a small one has", () => {
  const blank = makeReader([1, 0, 0]).read({ strokes: [], ...CANVAS });
  assert.deepEqual([blank.rejected.code, blank.confidence, blank.symbols], ["blank", 0, []]);
  const small = makeReader([1, 0, 0]).read(drawnAs("a slip"));
  assert.deepEqual([small.rejected.code, small.symbols.length], ["too_small", 1]);
});

test("a bitmap can be classified by itself", () => {
  const scores = makeReader([0.5, 0.25, 0.25]).classify(new Float32Array(784));
  assert.deepEqual(scores, { 7: 0.5, "not a digit": 0.25, 1: 0.25 });
});

test("the picture of what the model saw holds its grey levels", () => {
  const bitmap = preprocess(drawnAs("5"));
  const bytes = Buffer.from(toPngUrl(bitmap).split(",")[1], "base64");
  const at = bytes.indexOf("IDAT");
  const lines = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
  bitmap.forEach((ink, i) => assert.equal(lines[Math.floor(i / 28) * 29 + 1 + (i % 28)], Math.round(ink * 255)));
});
