import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../api.js";
import { SaveQueue } from "../save_queue.js";
import { makeSender } from "../sender.js";
import { Passing } from "../store.js";

const SEVEN = { strokes: [[[80, 60, 0]]], width: 280, height: 280 };

/** A server that stores a drawing once for each key, and a network that can fail both ways. */
class Server {
  drawings = new Map();
  labels = [];
  asked = 0;
  failures = [];

  post = async ({ key, body, account }) => {
    this.asked += 1;
    assert.notEqual(body, null);
    const failure = this.failures.shift();
    if (failure && !failure.isAnswerLost) {
      throw failure;
    }
    this.drawings.set(key, { id: `id of ${key}`, account });
    if (failure) {
      throw failure;
    }
    return this.drawings.get(key);
  };

  patch = async (id, label) => {
    const failure = this.failures.shift();
    if (failure) {
      throw failure;
    }
    this.labels.push([id, label]);
    await this.whilePatching?.();
  };

  failWith(status, { isAnswerLost = false, retryAfter = null } = {}) {
    const error = new ApiError(`failed with ${status}`, status, null, retryAfter);
    this.failures.push(Object.assign(error, { isAnswerLost }));
  }
}

function makeStore() {
  return Object.assign(new Passing(), { isLasting: true });
}

function makeLock() {
  let last = Promise.resolve();
  return (act) => {
    const mine = last.then(act);
    last = mine.catch(() => {});
    return mine;
  };
}

function start(server = new Server(), { store = makeStore(), lock = makeLock(), isOurs } = {}) {
  const told = { sent: [], refused: [], waits: [] };
  const clock = { now: 1_000_000 };
  const queue = new SaveQueue({
    store,
    send: server,
    lock,
    isOurs,
    now: () => (clock.now += 1),
    wait: (ms) => told.waits.push(ms),
    handlers: {
      onSent: (key) => told.sent.push(key),
      onRefused: ({ key, refused }) => told.refused.push([key, refused]),
      onChange: () => {},
    },
  });
  return { queue, server, store, told, clock };
}

const add = (queue, key = "k1", account = "") => queue.add({ key, account, body: SEVEN });

async function keysOf(queue) {
  return (await queue.items()).map(({ key }) => key);
}

test("a drawing is in the store before it is sent, and not after the answer", async () => {
  const { queue, server, store } = start();
  let before;
  const { post } = server;
  server.post = async (item) => {
    before = await store.get("k1");
    return post(item);
  };
  const other = start(server, { store }).queue;
  const { item } = await add(other);
  assert.equal((await other.send(item)).id, "id of k1");
  assert.equal(before.key, "k1");
  assert.deepEqual(await keysOf(queue), []);
});

test("what could not be sent is sent later, in the order it was drawn", async () => {
  const { queue, server, told } = start();
  const { item } = await add(queue, "k1");
  server.failWith(0);
  await assert.rejects(queue.send(item), /failed/);
  await add(queue, "k2");
  assert.deepEqual(await keysOf(queue), ["k1", "k2"]);
  await queue.flush();
  assert.deepEqual(told.sent, ["k1", "k2"]);
  assert.deepEqual(await keysOf(queue), []);
});

test("where the answer is lost it is sent again under the same key", async () => {
  const { queue, server } = start();
  const { item } = await add(queue);
  server.failWith(0, { isAnswerLost: true });
  await assert.rejects(queue.send(item));
  await queue.flush();
  assert.equal(server.asked, 2);
  assert.deepEqual([...server.drawings.keys()], ["k1"]);
});

test("a correction waits with its drawing and follows it", async () => {
  const { queue, server } = start();
  const { item } = await add(queue);
  await queue.correct(item, "1");
  await queue.correct(item, "7");
  await queue.flush();
  assert.deepEqual(server.labels, [["id of k1", "7"]]);
  assert.deepEqual(await keysOf(queue), []);
});

test("a correction that fails after its drawing was sent is tried again without the drawing", async () => {
  const { queue, server } = start();
  const { item } = await add(queue);
  await queue.correct(item, "7");
  server.failures.push(null);
  server.failWith(503);
  await queue.flush();
  assert.deepEqual(await queue.items().then(([one]) => [one.id, one.body]), ["id of k1", null]);
  await queue.flush();
  assert.equal(server.asked, 1);
  assert.deepEqual(server.labels, [["id of k1", "7"]]);
});

test("a correction of what is stored already goes alone", async () => {
  const { queue, server } = start();
  const { item } = await add(queue);
  const { id } = await queue.send(item);
  const changed = await queue.correct({ ...item, id, body: null }, "3");
  assert.equal(await queue.send(changed), null);
  assert.equal(server.asked, 1);
  assert.deepEqual(server.labels, [[id, "3"]]);
  assert.deepEqual(await keysOf(queue), []);
});

test("who changes their mind while the correction is sent is heard", async () => {
  const { queue, server } = start();
  const { item } = await add(queue);
  await queue.correct(item, "1");
  server.whilePatching = async () => {
    server.whilePatching = null;
    await queue.correct(item, "7");
  };
  await queue.flush();
  assert.deepEqual(server.labels.map(([, label]) => label), ["1", "7"]);
  assert.deepEqual(await keysOf(queue), []);
});

for (const status of [400, 413, 422, 500]) {
  test(`what is refused with ${status} is put aside and holds up nothing`, async () => {
    const { queue, server, told } = start();
    await add(queue, "k1");
    await add(queue, "k2");
    server.failWith(status);
    await queue.flush();
    assert.deepEqual(told, { sent: ["k2"], refused: [["k1", `failed with ${status}`]], waits: [] });
    await queue.flush();
    assert.equal(server.asked, 2);
    await queue.tryAgain("k1");
    assert.deepEqual(told.sent, ["k2", "k1"]);
  });
}

test("what was put aside can be deleted", async () => {
  const { queue, server } = start();
  await add(queue);
  server.failWith(400);
  await queue.flush();
  await queue.remove("k1");
  assert.deepEqual(await keysOf(queue), []);
});

for (const status of [0, 429, 502, 503]) {
  test(`after ${status} the rest waits, and longer every time`, async () => {
    const { queue, server, told } = start();
    await add(queue, "k1");
    await add(queue, "k2");
    for (let time = 0; time < 3; time += 1) {
      server.failWith(status);
      await queue.flush();
    }
    assert.equal(server.asked, 3);
    assert.deepEqual(told.waits, [2_000, 4_000, 8_000]);
    await queue.flush();
    assert.deepEqual(told.sent, ["k1", "k2"]);
  });
}

test("nothing is sent before the time that the server has named", async () => {
  const { queue, server, told, clock } = start();
  await add(queue);
  server.failWith(429, { retryAfter: 30 });
  await queue.flush();
  assert.deepEqual(told.waits, [30_000]);
  await queue.flushNow();
  const { item } = await add(queue, "k2");
  await assert.rejects(queue.send(item), /asked this page to wait/);
  assert.equal(server.asked, 1);
  clock.now += 30_000;
  await queue.flush();
  assert.deepEqual(told.sent, ["k1", "k2"]);
});

test("what somebody else drew waits for them and holds up nothing", async () => {
  const { queue, server, told } = start();
  await add(queue, "k1", "ada");
  await add(queue, "k2");
  server.failWith(409);
  await queue.flush();
  await queue.flush();
  assert.equal(server.asked, 2);
  assert.deepEqual(told, { sent: ["k2"], refused: [], waits: [] });
  assert.deepEqual(await keysOf(queue), ["k1"]);
});

test("what is known to be somebody else's is not even tried", async () => {
  const { queue, server, told } = start(new Server(), { isOurs: ({ account }) => account !== "ada" });
  await add(queue, "k1", "ada");
  await add(queue, "k2");
  await queue.flush();
  assert.equal(server.asked, 1);
  assert.deepEqual(told.sent, ["k2"]);
});

test("two tabs that share a store send each drawing once", async () => {
  const [server, store, lock] = [new Server(), makeStore(), makeLock()];
  const tabs = [start(server, { store, lock }), start(server, { store, lock })];
  await add(tabs[0].queue, "k1");
  await add(tabs[1].queue, "k2");
  await Promise.all(tabs.map(({ queue }) => queue.flush()));
  assert.equal(server.asked, 2);
  assert.deepEqual(tabs.flatMap(({ told }) => told.sent).sort(), ["k1", "k2"]);
});

test("who waits for a drawing that another tab has sent gets it all the same", async () => {
  const [server, store, lock] = [new Server(), makeStore(), makeLock()];
  const { queue } = start(server, { store, lock });
  const { item } = await add(queue);
  await start(server, { store, lock }).queue.flush();
  assert.equal((await queue.send(item)).id, "id of k1");
  assert.equal(server.drawings.size, 1);
});

test("a browser without room sends without keeping", async () => {
  const full = Object.assign(makeStore(), { change: async () => { throw new Error("Quota"); } });
  const { queue, server } = start(new Server(), { store: full });
  const { item, isKept } = await add(queue);
  assert.equal(isKept, false);
  assert.equal((await queue.send(item)).id, "id of k1");
  server.failWith(0);
  await assert.rejects(queue.send(item), /failed with 0/);
});

test("a browser that keeps nothing beyond the page does not promise to", async () => {
  const { queue } = start(new Server(), { store: new Passing() });
  assert.equal((await add(queue)).isKept, false);
});

test("the key and the account go with a drawing", async () => {
  const asked = [];
  const { post } = makeSender({ drawingsUrl: "/drawings/", pageUrl: "/" }, async (...call) => asked.push(call));
  await post({ key: "k1", account: "ada", body: SEVEN });
  await post({ key: "k2", account: "", body: SEVEN });
  assert.deepEqual(asked[0], [
    "/drawings/",
    { method: "POST", body: SEVEN, headers: { "Idempotency-Key": "k1", "Drawn-By": "ada" } },
  ]);
  assert.deepEqual(asked[1][1].headers, { "Idempotency-Key": "k2" });
});

test("a token that has run out is fetched anew, once", async () => {
  const calls = [];
  const ask = async (url) => {
    calls.push(url);
    throw new ApiError("CSRF Failed", 403);
  };
  const fetchPage = async (url) => calls.push(url);
  const { post } = makeSender({ drawingsUrl: "/drawings/", pageUrl: "/" }, ask, fetchPage);
  await assert.rejects(post({ key: "k1", account: "", body: SEVEN }), { status: 403 });
  assert.deepEqual(calls, ["/drawings/", "/", "/drawings/"]);
});

test("a token that cannot be fetched is no reason to put a drawing aside", async () => {
  const ask = async () => {
    throw new ApiError("CSRF Failed", 403);
  };
  const fetchPage = async () => {
    throw new TypeError("Failed to fetch");
  };
  const { post } = makeSender({ drawingsUrl: "/drawings/", pageUrl: "/" }, ask, fetchPage);
  await assert.rejects(post({ key: "k1", account: "", body: SEVEN }), { status: 0 });
});
