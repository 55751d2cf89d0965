import assert from "node:assert/strict";
import { test } from "node:test";

import { inWords, whatMattered } from "../places.js";
import { colours } from "../plate.js";
import { describe, pathOf, readWithoutEach } from "../what_if.js";

/** Relevance with `value` at each [x, y], and a little at the ink of a cross through the middle. */
function relevanceAt(...places) {
  const relevance = new Float64Array(784);
  for (let at = 4; at < 24; at += 1) {
    relevance[at * 28 + 14] = 0.1;
    relevance[14 * 28 + at] = 0.1;
  }
  for (const [x, y, value] of places) {
    relevance[y * 28 + x] = value;
  }
  return relevance;
}

const said = (relevance) => inWords(whatMattered(relevance), "the 7");

test("the part that mattered most is named, and the next if it had nearly as much", () => {
  const parts = relevanceAt([5, 5, 4], [14, 22, 3], [22, 14, 0.5]);
  assert.equal(said(parts), "What mattered most for the 7: the top left and the bottom.");
  assert.equal(said(relevanceAt([5, 5, 4], [14, 22, 1])), "What mattered most for the 7: the top left.");
});

test("what spoke against it is named", () => {
  const contrary = relevanceAt([14, 5, 4], [22, 22, -3]);
  assert.equal(said(contrary), "What mattered most for the 7: the top. The bottom right speaks against it.");
  assert.doesNotMatch(said(relevanceAt([14, 5, 4], [22, 22, -0.6])), /against/);
});

test("no part is named where all of it mattered, or none", () => {
  assert.equal(said(relevanceAt()), "No single part mattered much.");
  assert.equal(said(relevanceAt().map((value) => value * 20)), "Nearly all of the ink mattered for the 7.");
});

test("paper stays black, ink that mattered is yellow, ink against it blue, the rest grey", () => {
  const [paper, most, contrary, rest] = [0, 1, 2, 3].map((pixel) =>
    colours([0, 1, 1, 1], Float64Array.from([0, 5, -5, 0])).slice(pixel * 4, pixel * 4 + 4),
  );
  assert.deepEqual(paper, [0, 0, 0, 255]);
  assert.ok(most[0] > 200 && most[1] > 150 && most[2] < 100);
  assert.ok(contrary[2] > 200 && contrary[0] < 100);
  assert.ok(rest[0] === rest[1] && rest[1] === rest[2] && rest[0] < most[0]);
});

test("a reading that hardly depends on any ink is not painted as if it did", () => {
  const [red, green, blue] = colours([1], Float64Array.from([0.1]));
  assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) < 30);
});

const strokeAt = (x) => ({ points: [{ x, y: 10 }] });

test("each stroke is left out once, a single one never", async () => {
  const asked = [];
  const read = async (strokes) => {
    asked.push(strokes.map(({ points: [{ x }] }) => x));
    return `answer ${asked.length}`;
  };
  const trials = await readWithoutEach([1, 2, 3].map(strokeAt), read);
  assert.deepEqual(asked, [[2, 3], [1, 3], [1, 2]]);
  assert.deepEqual(trials[2], { index: 2, answer: "answer 3" });
  assert.deepEqual(await readWithoutEach([strokeAt(1)], read), []);
});

test("a reading without a stroke is told beside the one before", () => {
  const seven = { text: "7", confidence: 0.9, rejected: null };
  const none = { text: "", confidence: 0, rejected: { code: "not_a_digit" } };
  const speck = { text: "", confidence: 0, rejected: { code: "too_small" } };
  const verdicts = (answer, before) => describe(answer, before).verdict;
  assert.deepEqual(describe(seven, seven), { verdict: "still a 7", detail: "90.0 % sure", isOther: false });
  assert.deepEqual(describe(seven, none), { verdict: "a 7", detail: "90.0 % sure", isOther: true });
  assert.deepEqual([verdicts(none, seven), verdicts(none, none)], ["not a digit", "still not a digit"]);
  assert.equal(verdicts(speck, seven), "too little is left");
});

test("a stroke of one point is a path that shows", () => {
  assert.equal(pathOf(strokeAt(5)), "M5.0 10.0l0 0");
});
