/** The page that stands for one that cannot be had offline; it lies at that page's address. */
import { Toasts } from "../toasts.js";
import { openOutbox } from "./page_outbox.js";

const outbox = openOutbox(new Toasts(document.getElementById("toasts")));

let isLeaving = false;

/** What waits first: the page that comes may be the one to show it. */
async function reload() {
  await outbox.flushNow();
  // Who has chosen another page meanwhile is not held back.
  if (!isLeaving) {
    location.reload();
  }
}

document.getElementById("try-again").addEventListener("click", reload);
window.addEventListener("online", reload);
window.addEventListener("beforeunload", () => {
  isLeaving = true;
});
