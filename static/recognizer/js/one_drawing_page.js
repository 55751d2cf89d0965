import { wireActs } from "./gallery/acts.js";
import { showLocalTimes } from "./local_time.js";
import { replayBelow } from "./svg_replay.js";
import { Toasts } from "./toasts.js";

const main = document.getElementById("main");

showLocalTimes(main);
replayBelow(main);

wireActs(new Toasts(document.getElementById("toasts")), {
  onCorrected: () => location.reload(), // the page tells what comes of it
  onDeleted: (element) => location.replace(element.dataset.afterDelete),
});
