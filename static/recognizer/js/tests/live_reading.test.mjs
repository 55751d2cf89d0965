import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveReading } from "../live_reading.js";

const soon = () => new Promise((resolve) => setTimeout(resolve, 15));

/** A reading whose questions are answered by hand, and what it told the page. */
function makeReading() {
  const questions = [];
  const told = [];
  const ask = (strokes) =>
    new Promise((resolve, reject) => questions.push({ strokes, resolve, reject }));
  const handlers = {
    onPending: () => {},
    onAnswer: (answer) => told.push(answer),
    onError: (error) => told.push(error.message),
  };
  return { reading: new LiveReading(ask, handlers, 1), questions, told };
}

test("only the last of several quick changes is asked about", async () => {
  const { reading, questions } = makeReading();
  reading.schedule("one");
  reading.schedule("two");
  await soon();
  assert.deepEqual(
    questions.map(({ strokes }) => strokes),
    ["two"],
  );
});

test("an answer that comes after a newer question is dropped", async () => {
  const { reading, questions, told } = makeReading();
  reading.read("old");
  reading.read("new");
  questions[1].resolve("new answer");
  questions[0].resolve("old answer");
  await soon();
  assert.deepEqual(told, ["new answer"]);
});

test("a failure is told, unless the question is old", async () => {
  const { reading, questions, told } = makeReading();
  reading.read("old");
  reading.read("new");
  questions[0].reject(new Error("old failure"));
  questions[1].reject(new Error("new failure"));
  await soon();
  assert.deepEqual(told, ["new failure"]);
});

test("nothing is told after a cancel", async () => {
  const { reading, questions, told } = makeReading();
  reading.read("strokes");
  reading.cancel();
  questions[0].resolve("answer");
  await soon();
  assert.deepEqual(told, []);
});
