import assert from "node:assert/strict";
import { test } from "node:test";

import { Ink } from "../ink.js";

function makeStroke(length, { pointerType = "mouse", pressure = 0.5, width = 17 } = {}) {
  const points = Array.from({ length }, (_, index) => ({ x: 20 + index, y: 100, t: index, pressure }));
  return { pointerType, width, points };
}

function heightOf(corners) {
  const ys = corners.map(([, y]) => y);
  return Math.max(...ys) - Math.min(...ys);
}

function reachOf(corners) {
  return Math.max(...corners.map(([x]) => x));
}

test("a tap is a round dot as broad as the pen", () => {
  const corners = new Ink(makeStroke(1)).tail();
  assert.ok(Math.abs(heightOf(corners) - 17) < 0.5);
});

test("a broad pen leaves a broader stroke than a fine one", () => {
  const [fine, broad] = [9, 28].map((width) => heightOf(new Ink(makeStroke(20, { width })).tail()));
  assert.ok(broad > 2 * fine);
});

test("a pen that presses harder leaves a broader stroke", () => {
  const [light, hard] = [0.2, 0.9].map((pressure) =>
    heightOf(new Ink(makeStroke(20, { pointerType: "pen", pressure })).tail()),
  );
  assert.ok(hard > 1.5 * light);
});

test("a mouse has no pressure that would count", () => {
  const [none, half] = [0, 0.5].map((pressure) =>
    heightOf(new Ink(makeStroke(20, { pressure })).tail()),
  );
  assert.equal(none, half);
});

test("the ink reaches to the pen's tip, and to predicted points only while they are asked for", () => {
  const ink = new Ink(makeStroke(20));
  const tip = reachOf(ink.tail());
  assert.ok(tip >= 39);
  assert.ok(reachOf(ink.tail([{ x: 80, y: 100, pressure: 0.5 }])) > 80);
  assert.equal(reachOf(ink.tail()), tip);
});

test("a full piece stays as it is while the stroke goes on", () => {
  const stroke = makeStroke(200);
  const all = stroke.points.splice(80);
  const ink = new Ink(stroke);
  assert.equal(ink.fullPieces, 1);
  const before = ink.piece(0);
  stroke.points.push(...all);
  assert.equal(ink.fullPieces, 4);
  assert.deepEqual(ink.piece(0), before);
});

test("a stroke looks the same whether it was painted as it came or all at once", () => {
  const stroke = makeStroke(200);
  const all = stroke.points.splice(1);
  const ink = new Ink(stroke);
  for (const point of all) {
    stroke.points.push(point);
    ink.tail();
  }
  const anew = new Ink(stroke);
  assert.deepEqual(ink.tail(), anew.tail());
  assert.deepEqual(ink.piece(1), anew.piece(1));
});

test("the end of a long stroke has no more corners than that of a short one", () => {
  const [short, long] = [60, 6_000].map((length) => new Ink(makeStroke(length)).tail().length);
  assert.ok(long < 2 * short + 50);
});

test("pieces join without a gap", () => {
  const ink = new Ink(makeStroke(200));
  const nextStart = Math.min(...ink.piece(1).map(([x]) => x));
  assert.ok(reachOf(ink.piece(0)) > nextStart);
});
