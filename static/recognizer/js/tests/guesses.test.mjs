import assert from "node:assert/strict";
import { test } from "node:test";

import { howSure, secondGuess, wouldHaveGuessed } from "../guesses.js";

const symbolOf = (probabilities) => ({ label: "7", probabilities });

test("the second best guess is told from one percent on", () => {
  assert.deepEqual(secondGuess(symbolOf({ 1: 0.01, 7: 0.98, 9: 0.005 })), { label: "1", share: 0.01 });
  assert.equal(secondGuess(symbolOf({ 1: 0.0099, 7: 0.98 })), null);
  assert.equal(secondGuess(symbolOf({ 7: 1 })), null);
});

test("how sure it is names the second best guess in words", () => {
  const sure = (probabilities) =>
    howSure({ confidence: probabilities[7], symbols: [symbolOf(probabilities)] });
  assert.equal(sure({ 7: 0.873, 1: 0.12 }), "87.3 % sure, or\u00a0a\u00a01 (12.0\u00a0%)");
  assert.equal(sure({ 7: 0.999, 1: 0.001 }), "99.9 % sure");
});

test("what was refused has guesses too", () => {
  assert.equal(wouldHaveGuessed(symbolOf({ 7: 0.6, 8: 0.3 })), "It would have guessed a 7, or an 8");
  assert.equal(wouldHaveGuessed(symbolOf({ 7: 0.999, 8: 0.001 })), "It would have guessed a 7");
  assert.equal(wouldHaveGuessed(symbolOf({ 7: 0.009, 8: 0.001 })), "No digit is close");
});
