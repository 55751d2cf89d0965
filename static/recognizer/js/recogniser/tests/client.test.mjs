import assert from "node:assert/strict";
import { test } from "node:test";

import { LocalReader } from "../client.js";

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A worker that answers by hand. */
class FakeWorker extends EventTarget {
  messages = [];

  postMessage(message) {
    this.messages.push(message);
  }

  answer(index, answer) {
    const data = { id: this.messages[index].id, ...answer };
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

/** A local reader at a server whose active version is `server.active`, and what it told the page. */
function makeReader(active = { version: 3, network: { url: "/3.bin" } }) {
  const worker = new FakeWorker();
  const server = { active, asked: 0 };
  const changes = [];
  const reader = new LocalReader({
    makeWorker: () => worker,
    fetchActive: async () => {
      server.asked += 1;
      if (server.active === null) {
        throw new Error("offline");
      }
      return server.active;
    },
    messages: { blank: "No ink." },
    onChange: () => changes.push(reader.version),
  });
  return { reader, worker, server, changes };
}

async function makeLoaded() {
  const made = makeReader();
  const updated = made.reader.update();
  await soon();
  made.worker.answer(0, { result: null });
  await updated;
  return made;
}

test("the active version reads once its network is loaded", async () => {
  const { reader, worker, changes } = makeReader();
  const updated = reader.update();
  await soon();
  const [{ id, ...load }] = worker.messages;
  assert.deepEqual(load, { task: "load", url: "/3.bin", version: 3, messages: { blank: "No ink." } });
  assert.equal(reader.version, null);
  worker.answer(0, { result: null });
  await updated;
  assert.deepEqual([reader.version, changes], [3, [3]]);
});

test("each question gets its own answer, whichever comes first", async () => {
  const { reader, worker } = await makeLoaded();
  const read = reader.read("drawn");
  const classified = reader.classify("bitmap");
  worker.answer(2, { result: "scores" });
  worker.answer(1, { result: "answer" });
  assert.deepEqual([await read, await classified], ["answer", "scores"]);
});

test("an error of the worker is an error of that question", async () => {
  const { reader, worker } = await makeLoaded();
  const read = reader.read("drawn");
  worker.answer(1, { error: "no such thing" });
  await assert.rejects(read, /no such thing/);
});

test("the version that is loaded reads on until the next is ready", async () => {
  const { reader, worker, server, changes } = await makeLoaded();
  server.active = { version: 4, network: { url: "/4.bin" } };
  const updated = reader.update();
  await soon();
  assert.equal(reader.version, 3);
  worker.answer(1, { result: null });
  await updated;
  assert.deepEqual(changes, [3, 4]);
});

test("the same version is not loaded twice", async () => {
  const { reader, worker } = await makeLoaded();
  await reader.update();
  assert.equal(worker.messages.length, 1);
});

test("a version without a network leaves the reading to the server", async () => {
  const { reader, server, changes } = await makeLoaded();
  server.active = { version: 4, network: null };
  await reader.update();
  assert.deepEqual([reader.version, changes], [null, [3, null]]);
});

test("without a connection, or with a broken file, the loaded version stays", async (context) => {
  context.mock.method(console, "warn", () => {});
  const { reader, worker, server } = await makeLoaded();
  server.active = null;
  await reader.update();
  server.active = { version: 4, network: { url: "/4.bin" } };
  const updated = reader.update();
  await soon();
  worker.answer(1, { error: "404" });
  await updated;
  assert.equal(reader.version, 3);
});

test("what was looked up just now is looked up again once, when that is old", async () => {
  const { reader, server, changes } = await makeLoaded();
  server.active = { version: 4, network: null };
  await reader.update({ maxAgeMs: 50 });
  await reader.update({ maxAgeMs: 50 });
  assert.deepEqual([server.asked, changes], [1, [3]]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual([server.asked, changes], [2, [3, null]]);
});

test("a worker that cannot be started leaves the reading to the server", async () => {
  const { reader, worker, changes } = await makeLoaded();
  const read = reader.read("drawn");
  worker.dispatchEvent(new Event("error"));
  await assert.rejects(read);
  assert.deepEqual([reader.version, changes], [null, [3, null]]);
});
