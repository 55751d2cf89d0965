/** A list of drawings: sends what waits, and says so. */
import { Toasts } from "../toasts.js";
import { openOutbox } from "./page_outbox.js";

openOutbox(new Toasts(document.getElementById("toasts")), {
  onSent() {
    // Where nothing is shown yet, nobody is in the middle of anything.
    if (!document.getElementById("drawings")) {
      location.reload();
    }
  },
});
