/** How many drawings wait in each queue of the review desk, beside its name. */
import { gettext, grouped, interpolate } from "../js/i18n.js";

/** "0" to "10,000", or "over 10,000" where no more were counted. */
export function inWords(count, counted) {
  return count > counted
    ? interpolate(gettext("over %(count)s"), { count: grouped(counted) })
    : grouped(count);
}

/** Fills every [data-queue-count]. Without an answer the page is as good as before. */
export async function showCounts(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    const { counts, counted } = await response.json();
    for (const place of document.querySelectorAll("[data-queue-count]")) {
      place.textContent = inWords(counts[place.dataset.queueCount], counted);
    }
  } catch {
    // Signed out or offline: what the page itself does next says so.
  }
}
