import assert from "node:assert/strict";
import { test } from "node:test";

import { Sitting } from "../desk_sitting.js";

const drawing = (id) => ({ id, name: `Drawing ${id}`, state: "0-0", place: `0.5:${id}` });

/** A server with `count` drawings in pages of three; `broken` answers for it where it is set. */
function makeServer(count) {
  const server = {
    asked: [],
    sent: [],
    broken: null,
    async next(after) {
      server.asked.push(after);
      if (server.broken) throw server.broken;
      const from = after ? Number(after.split(":")[1]) : 0;
      const ids = Array.from({ length: count }, (_, i) => i + 1).filter((id) => id > from);
      const items = ids.slice(0, 3).map(drawing);
      return { items, end: ids.length <= 3, ...(after ? {} : { left: count, counted: 100 }) };
    },
    async decide(body) {
      if (server.broken) throw server.broken;
      server.sent.push(body);
      const words = body.value || body.verdict;
      return {
        item: { id: body.drawing, state: `${server.sent.length}-1` },
        last: { id: server.sent.length, drawing: body.drawing, words },
      };
    },
    async undo(id) {
      if (server.broken) throw server.broken;
      const { drawing: pk } = server.sent[id - 1];
      return { item: drawing(pk), last: id > 1 ? { id: id - 1 } : null };
    },
  };
  return server;
}

async function sitDown(count = 10) {
  const server = makeServer(count);
  const sitting = new Sitting("unreviewed", server);
  await sitting.load();
  return { server, sitting };
}

const failure = (status, answer = null) => Object.assign(new Error("It failed."), { status, answer });

test("the next drawings are there before they are needed", async () => {
  const { sitting } = await sitDown();
  assert.equal(sitting.upcoming.length, 2);
  sitting.move(1);
  await sitting.load();
  assert.equal(sitting.upcoming.length, 4);
});

test("a decision shows the next drawing before the server has answered", async () => {
  const { sitting } = await sitDown();
  sitting.decide("label", "7");
  assert.equal(sitting.current.id, 2);
  assert.equal(sitting.items[0].outcome.state, "sending");
  await sitting.flush();
  assert.equal(sitting.items[0].outcome.state, "kept");
});

test("decisions are sent one after the other, each with the state that was seen", async () => {
  const { server, sitting } = await sitDown();
  sitting.decide("label", "7");
  sitting.decide("label", "not a digit");
  await sitting.flush();
  assert.deepEqual(
    server.sent.map(({ drawing, value, seen }) => [drawing, value, seen]),
    [[1, "7", "0-0"], [2, "not a digit", "0-0"]],
  );
});

test("a drawing decided on again is sent with the state its first decision made", async () => {
  const { server, sitting } = await sitDown();
  sitting.decide("label", "7");
  sitting.move(-1);
  sitting.decide("label", "1");
  await sitting.flush();
  assert.equal(server.sent[1].seen, "1-1");
});

test("the count goes down with each decision that is kept, and not with a skip", async () => {
  const { sitting } = await sitDown();
  sitting.skip();
  sitting.decide("label", "7");
  await sitting.flush();
  assert.equal(sitting.left, 9);
  assert.equal(sitting.at, 2);
});

test("a decision that cannot be sent is told and kept, with those after it, in order", async () => {
  const { server, sitting } = await sitDown();
  server.broken = failure(0);
  sitting.decide("label", "7");
  sitting.decide("label", "1");
  await sitting.flush();
  assert.equal(sitting.problem.message, "It failed.");
  assert.equal(sitting.problem.canRetry, true);
  assert.equal(sitting.outbox.length, 2);
  server.broken = null;
  await sitting.retry();
  assert.deepEqual(server.sent.map(({ value }) => value), ["7", "1"]);
  assert.equal(sitting.problem, null);
});

test("a decision that somebody was faster with is shown as not kept, and the others go on", async () => {
  const { server, sitting } = await sitDown();
  server.broken = failure(409, { item: { state: "5-5", approved: { value: "3", by: "ada" } } });
  sitting.decide("label", "7");
  await sitting.flush();
  server.broken = null;
  const [first] = sitting.items;
  assert.equal(first.outcome.state, "refused");
  assert.equal(first.approved.by, "ada");
  assert.equal(sitting.problem.item, first);
  assert.equal(sitting.left, 10);
  sitting.goTo(first);
  sitting.decide("label", "7");
  await sitting.flush();
  assert.equal(server.sent[0].seen, "5-5");
});

test("undo waits for what is being sent, and goes back to its drawing", async () => {
  const { sitting } = await sitDown();
  sitting.decide("label", "7");
  await sitting.undo();
  assert.equal(sitting.current.id, 1);
  assert.equal(sitting.current.outcome, null);
  assert.equal(sitting.left, 10);
  assert.equal(sitting.last, null);
});

test("undo does nothing while a decision cannot be sent", async () => {
  const { server, sitting } = await sitDown();
  server.broken = failure(503);
  sitting.decide("label", "7");
  await sitting.undo();
  assert.equal(sitting.outbox.length, 1);
  assert.equal(sitting.at, 1);
});

test("undo of a decision from before brings its drawing in", async () => {
  const { server, sitting } = await sitDown();
  server.sent.push({ drawing: 77 });
  sitting.last = { id: 1 };
  await sitting.undo();
  assert.equal(sitting.current.id, 77);
  assert.equal(sitting.total, 11);
});

test("one can move to the end and back, not beyond", async () => {
  const { sitting } = await sitDown(2);
  sitting.move(-1);
  assert.equal(sitting.at, 0);
  sitting.move(5);
  assert.equal(sitting.current, null);
  sitting.decide("label", "7");
  assert.equal(sitting.outbox.length, 0);
  sitting.move(-1);
  assert.equal(sitting.current.id, 2);
});

test("a queue that cannot be loaded is told and can be tried again", async () => {
  const server = makeServer(2);
  const sitting = new Sitting("unreviewed", server);
  server.broken = failure(503);
  await sitting.load();
  assert.equal(sitting.isLoaded, false);
  assert.equal(sitting.problem.canRetry, true);
  server.broken = null;
  await sitting.retry();
  assert.equal(sitting.items.length, 2);
  assert.equal(sitting.problem, null);
});

test("an ended queue is not asked again", async () => {
  const { server, sitting } = await sitDown(2);
  sitting.move(2);
  await sitting.load();
  assert.deepEqual(server.asked, [""]);
});
