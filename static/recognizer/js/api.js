import { gettext, interpolate, ngettext } from "./i18n.js";

/**
 * A request that failed; `message` is written for the person, `answer` is the JSON that came with it.
 *
 * `status` is 0 where no answer came; `retryAfter` are the seconds to wait that the server named, or null.
 */
export class ApiError extends Error {
  constructor(message, status = 0, answer = null, retryAfter = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.answer = answer;
    this.retryAfter = retryAfter;
  }
}

const unreachable = () => gettext("The server cannot be reached. Check your connection and try again.");
const timedOut = () => gettext("The server took too long to answer. Try again in a moment.");

/**
 * Sends JSON and answers the JSON that comes back, or null where there is none.
 *
 * Throws an ApiError for whatever goes wrong; an abort by `signal` is thrown as the signal's reason.
 */
export async function request(url, { method = "GET", body, headers = {}, signal, timeoutMs = 10_000 } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new ApiError(timedOut())), timeoutMs);
  signal?.addEventListener("abort", () => abort.abort(signal.reason), { once: true });
  try {
    return await exchange(url, { method, body, headers, signal: abort.signal });
  } catch (error) {
    if (abort.signal.aborted) {
      throw abort.signal.reason;
    }
    throw error instanceof ApiError ? error : new ApiError(unreachable());
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(url, { method, body, headers, signal }) {
  const response = await fetch(url, {
    method,
    signal,
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      "X-CSRFToken": csrfToken(document.cookie),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = parseJson(await response.text());
  if (!response.ok) {
    const retryAfter = secondsUntil(response.headers.get("Retry-After"));
    const message = describeFailure(response.status, answer, retryAfter);
    throw new ApiError(message, response.status, answer, retryAfter);
  }
  return answer;
}

/** Null for a text that is not JSON, such as a proxy's own error page. */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function csrfToken(cookies) {
  return cookies.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? "";
}

/** Seconds named by a Retry-After header, which holds a number or a date; null for neither. */
export function secondsUntil(header, now = Date.now()) {
  if (!header) {
    return null;
  }
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

/** What to tell a person about an answer that is an error. */
export function describeFailure(status, answer, retryAfter = null) {
  const reason = typeof answer?.detail === "string" ? answer.detail : reasons(answer).join(" ");
  if (status === 429) {
    const text = gettext("That was too much at once. Try again in %(time)s.");
    return interpolate(text, { time: duration(retryAfter ?? 60) });
  }
  // What a proxy or the server's edge says of a large body is no help, and in English.
  return (status !== 413 && reason) || standardMessage(status);
}

function standardMessage(status) {
  switch (status) {
    case 401:
      return gettext("You need to sign in for that.");
    case 403:
      return gettext("The server refused that. Reload the page and try again.");
    case 404:
      return gettext("That drawing is no longer there.");
    case 413:
      return gettext("The drawing is too large to send. Clear it and draw it more simply.");
    case 503:
      return gettext("The recogniser is not available just now. Try again in a moment.");
  }
  const text =
    status >= 500
      ? gettext("The server failed (%(status)s). Try again in a moment.")
      : gettext("The server did not accept that (%(status)s).");
  return interpolate(text, { status });
}

/** Every message in DRF's errors: {"detail": "…"}, {"field": ["…"]}, and lists of these. */
function reasons(answer) {
  if (typeof answer === "string") {
    return [answer];
  }
  return answer && typeof answer === "object" ? Object.values(answer).flatMap(reasons) : [];
}

function duration(seconds) {
  if (seconds < 90) {
    return interpolate(ngettext("%(count)s second", "%(count)s seconds", seconds), { count: seconds });
  }
  const count = Math.ceil(seconds / 60);
  return interpolate(ngettext("%(count)s minute", "%(count)s minutes", count), { count });
}
