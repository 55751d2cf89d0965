import assert from "node:assert/strict";
import { test } from "node:test";

import { Following, LiveReading } from "../live_reading.js";

const soon = () => new Promise((resolve) => setTimeout(resolve, 15));

/** A reading whose questions are answered by hand, and what it told the page. */
function makeReading() {
  const questions = [];
  const told = [];
  const ask = (strokes) =>
    new Promise((resolve, reject) => questions.push({ strokes, resolve, reject }));
  const handlers = {
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

test("a question may go to somebody else", async () => {
  const { reading, questions, told } = makeReading();
  await reading.read("strokes", async (strokes) => `${strokes} read elsewhere`);
  assert.deepEqual([questions, told], [[], ["strokes read elsewhere"]]);
});

/** A following whose frames are drawn and whose questions are answered by hand. */
function makeFollowing() {
  const questions = [];
  const told = [];
  const frames = [];
  const ask = (strokes) =>
    new Promise((resolve, reject) => questions.push({ strokes, resolve, reject }));
  const following = new Following(ask, (answer) => told.push(answer), (run) => frames.push(run));
  const drawFrame = () => frames.splice(0).forEach((run) => run());
  return { following, questions, told, drawFrame };
}

const asked = (questions) => questions.map(({ strokes }) => strokes);

test("of all that is drawn within a frame only the newest state is read", () => {
  const { following, questions, drawFrame } = makeFollowing();
  following.follow("one point");
  following.follow("two points");
  assert.deepEqual(asked(questions), []);
  drawFrame();
  assert.deepEqual(asked(questions), ["two points"]);
});

test("while one state is read the next waits, and those between are left out", async () => {
  const { following, questions, told, drawFrame } = makeFollowing();
  following.follow("one");
  drawFrame();
  following.follow("two");
  following.follow("three");
  drawFrame();
  assert.deepEqual(asked(questions), ["one"]);
  questions[0].resolve("1");
  await soon();
  drawFrame();
  assert.deepEqual([asked(questions), told], [["one", "three"], ["1"]]);
});

test("no answer is told once the stroke is over", async () => {
  const { following, questions, told, drawFrame } = makeFollowing();
  following.follow("old stroke");
  drawFrame();
  following.stop();
  following.follow("new stroke");
  questions[0].resolve("old answer");
  await soon();
  drawFrame();
  questions[1].resolve("new answer");
  await soon();
  assert.deepEqual(told, ["new answer"]);
});

test("a failure is passed over and the next state is read", async () => {
  const { following, questions, told, drawFrame } = makeFollowing();
  following.follow("one");
  drawFrame();
  questions[0].reject(new Error("no worker"));
  await soon();
  following.follow("two");
  drawFrame();
  assert.deepEqual([asked(questions), told], [["one", "two"], []]);
});
