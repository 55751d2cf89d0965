import { ApiError, request } from "../api.js";

/**
 * Sends what waits in a queue to the API, in the name of who drew it.
 *
 * @param urls {drawingsUrl, pageUrl}; the page at pageUrl gives a CSRF cookie
 */
export function makeSender({ drawingsUrl, pageUrl }, ask = request, fetchPage = fetch) {
  /** After days offline the token may have run out, or belong to a session that is over. */
  async function withFreshToken(url, options) {
    try {
      return await ask(url, options);
    } catch (error) {
      if (error.status !== 403) {
        throw error;
      }
      await fetchPage(pageUrl, { credentials: "same-origin", cache: "no-store" }).catch(() => {
        throw new ApiError(error.message);
      });
      return ask(url, options);
    }
  }

  return {
    post: ({ key, account, body }) => {
      const headers = { "Idempotency-Key": key, ...(account ? { "Drawn-By": account } : {}) };
      return withFreshToken(drawingsUrl, { method: "POST", body, headers });
    },
    patch: (id, label) =>
      withFreshToken(`${drawingsUrl}${id}/`, { method: "PATCH", body: { label } }),
  };
}
