import { wireActs } from "./gallery/acts.js";
import { Endless } from "./gallery/endless.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { showLocalTimes } from "./local_time.js";
import { replayBelow } from "./svg_replay.js";
import { Toasts } from "./toasts.js";

const byId = (id) => document.getElementById(id);
const list = byId("drawings");
const toasts = new Toasts(byId("toasts"));

showLocalTimes(list);
replayBelow(list);

wireActs(toasts, { onDeleted: remove });

new Endless(list, byId("more"), {
  onItems(items, { byHand }) {
    items.forEach(showLocalTimes);
    const count = items.length;
    const words = ngettext("%(count)s more drawing shown.", "%(count)s more drawings shown.", count);
    byId("more-status").textContent = interpolate(words, { count });
    if (byHand) items[0]?.querySelector("a").focus({ preventScroll: true });
  },
  onError: () =>
    toasts.error(gettext("Older drawings could not be loaded. Press “Show older drawings” to try again.")),
});

function remove(tile) {
  const neighbour = tile.nextElementSibling ?? tile.previousElementSibling;
  tile.remove();
  byId("count").textContent = Number(byId("count").textContent) - 1;
  if (neighbour) {
    neighbour.querySelector("a").focus();
    toasts.success(gettext("Deleted."));
  } else {
    location.reload(); // shows what there is still, or what to do without drawings
  }
}
