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

const UNREACHABLE = "The server cannot be reached. Check your connection and try again.";
const TIMED_OUT = "The server took too long to answer. Try again in a moment.";

/**
 * Sends JSON and answers the JSON that comes back, or null where there is none.
 *
 * Throws an ApiError for whatever goes wrong; an abort by `signal` is thrown as the signal's reason.
 */
export async function request(url, { method = "GET", body, headers = {}, signal, timeoutMs = 10_000 } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new ApiError(TIMED_OUT)), timeoutMs);
  signal?.addEventListener("abort", () => abort.abort(signal.reason), { once: true });
  try {
    return await exchange(url, { method, body, headers, signal: abort.signal });
  } catch (error) {
    if (abort.signal.aborted) {
      throw abort.signal.reason;
    }
    throw error instanceof ApiError ? error : new ApiError(UNREACHABLE);
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
    return `That was too much at once. Try again in ${duration(retryAfter ?? 60)}.`;
  }
  return reason || (STANDARD_MESSAGES[status] ?? standardMessage(status));
}

const STANDARD_MESSAGES = {
  401: "You need to sign in for that.",
  403: "The server refused that. Reload the page and try again.",
  404: "That drawing is no longer there.",
  413: "The drawing is too large to send. Clear it and draw it more simply.",
  503: "The recogniser is not available just now. Try again in a moment.",
};

function standardMessage(status) {
  return status >= 500
    ? `The server failed (${status}). Try again in a moment.`
    : `The server did not accept that (${status}).`;
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
    return seconds === 1 ? "1 second" : `${seconds} seconds`;
  }
  return `${Math.ceil(seconds / 60)} minutes`;
}
