import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { ApiError, csrfToken, describeFailure, parseJson, request, secondsUntil } from "../api.js";

const realFetch = globalThis.fetch;

beforeEach(() => {
  globalThis.document = { cookie: "theme=dark; csrftoken=abc123" };
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

function hangUntilAborted(url, { signal }) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

test("the CSRF token is found among the cookies", () => {
  assert.equal(csrfToken("theme=dark; csrftoken=abc123; other=1"), "abc123");
  assert.equal(csrfToken("notcsrftoken=1"), "");
});

test("field errors are told in the server's own words", () => {
  const answer = { strokes: ["Stroke 0: a point lies off the 280 x 280 canvas."], width: ["Too wide."] };
  assert.equal(
    describeFailure(400, answer),
    "Stroke 0: a point lies off the 280 x 280 canvas. Too wide.",
  );
});

test("being throttled says when to try again", () => {
  assert.match(describeFailure(429, { detail: "Request was throttled." }, 12), /in 12 seconds/);
  assert.match(describeFailure(429, null, 150), /in 3 minutes/);
});

test("an error without a readable body still says something", () => {
  for (const status of [400, 403, 404, 413, 429, 500, 502, 503]) {
    assert.ok(describeFailure(status, null).length > 20, `status ${status}`);
  }
});

test("a page that is not JSON reads as nothing", () => {
  assert.equal(parseJson("<h1>Bad gateway</h1>"), null);
});

test("Retry-After is read as seconds and as a date", () => {
  const now = Date.parse("2025-01-01T00:00:00Z");
  assert.equal(secondsUntil("30", now), 30);
  assert.equal(secondsUntil("Wed, 01 Jan 2025 00:00:10 GMT", now), 10);
  assert.equal(secondsUntil(null), null);
  assert.equal(secondsUntil("soon"), null);
});

test("a request carries the CSRF token and JSON, and answers JSON", async () => {
  let sent;
  globalThis.fetch = async (url, options) => {
    sent = { url, ...options };
    return new Response('{"text": "7"}');
  };
  const answer = await request("/predict/", { method: "POST", body: { width: 280 } });
  assert.deepEqual(answer, { text: "7" });
  assert.equal(sent.headers["X-CSRFToken"], "abc123");
  assert.equal(sent.body, '{"width":280}');
});

test("an empty answer is null", async () => {
  globalThis.fetch = async () => new Response(null, { status: 204 });
  assert.equal(await request("/drawings/1/", { method: "DELETE" }), null);
});

test("an error status throws what the server said, and its status", async () => {
  globalThis.fetch = async () => new Response('{"detail": "No model."}', { status: 503 });
  await assert.rejects(request("/"), new ApiError("No model.", 503, { detail: "No model." }));
});

test("what comes with a detail is no part of the message", async () => {
  const body = '{"detail": "Somebody was faster.", "item": {"name": "Drawing 1"}}';
  globalThis.fetch = async () => new Response(body, { status: 409 });
  const error = await request("/").catch((thrown) => thrown);
  assert.equal(error.message, "Somebody was faster.");
  assert.equal(error.answer.item.name, "Drawing 1");
});

test("a network that is down throws a message for people", async () => {
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(request("/"), /cannot be reached/);
});

test("a server that does not answer in time throws", async () => {
  globalThis.fetch = hangUntilAborted;
  await assert.rejects(request("/", { timeoutMs: 5 }), /too long/);
});

test("an abort throws the signal's reason, not a network error", async () => {
  globalThis.fetch = hangUntilAborted;
  const abort = new AbortController();
  const answer = request("/", { signal: abort.signal });
  abort.abort(new Error("superseded"));
  await assert.rejects(answer, /superseded/);
});
