/** A list of drawings: sends what waits, and then shows it. */
import { Toasts } from "../toasts.js";
import { openOutbox } from "./page_outbox.js";

const outbox = openOutbox(new Toasts(document.getElementById("toasts")), {
  async onSent() {
    await outbox.flushNow(); // the rest of it
    if (!isInUse()) {
      location.reload();
    }
  },
});

/** Whether somebody would lose their place; they are told only. */
function isInUse() {
  return window.scrollY > 0 || document.activeElement !== document.body;
}
