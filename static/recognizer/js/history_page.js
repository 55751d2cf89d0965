import { request } from "./api.js";
import { describeLabel } from "./labels.js";
import { Toasts } from "./toasts.js";

const byId = (id) => document.getElementById(id);
const list = byId("drawings");
const toasts = new Toasts(byId("toasts"));
const dialogs = { correct: byId("correct-dialog"), delete: byId("delete-dialog") };
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The card whose dialog is open. */
let chosen = null;

for (const time of list.querySelectorAll("time")) {
  time.textContent = dayAndTime.format(new Date(time.dateTime));
}

list.addEventListener("click", ({ target }) => {
  const button = target.closest("button[data-action]");
  if (button) {
    chosen = button.closest("[data-url]");
    const dialog = dialogs[button.dataset.action];
    dialog.querySelector("img").src = chosen.querySelector("img").src;
    dialog.showModal();
  }
});

dialogs.correct.addEventListener("click", async ({ target }) => {
  const label = target.closest("button")?.dataset.label;
  if (label === undefined) {
    return;
  }
  await attempt(dialogs.correct, "Your answer was not kept.", async () => {
    const stored = await request(chosen.dataset.url, { method: "PATCH", body: { label } });
    showLabel(chosen, stored.label);
    toasts.success(`Thank you. Noted as ${label}.`);
  });
});

byId("delete-confirm").addEventListener("click", () =>
  attempt(dialogs.delete, "Not deleted.", async () => {
    await request(chosen.dataset.url, { method: "DELETE" });
    remove(chosen);
  }),
);

/** Does it with the dialog's buttons off, then closes the dialog; says what went wrong. */
async function attempt(dialog, failure, act) {
  setDisabled(dialog, true);
  try {
    await act();
  } catch (error) {
    toasts.error(`${failure} ${error.message}`);
  } finally {
    setDisabled(dialog, false);
    dialog.close();
  }
}

function setDisabled(dialog, disabled) {
  for (const button of dialog.querySelectorAll("button")) {
    button.disabled = disabled;
  }
}

function showLabel(card, label) {
  const state = card.querySelector(".label-state");
  state.dataset.state = label?.state ?? "none";
  state.textContent = describeLabel(label);
}

function remove(card) {
  const neighbour = card.nextElementSibling ?? card.previousElementSibling;
  card.remove();
  byId("count").textContent = Number(byId("count").textContent) - 1;
  if (neighbour) {
    neighbour.querySelector("button").focus();
    toasts.success("Deleted.");
  } else {
    location.reload(); // shows the page before this one, or what to do without drawings
  }
}
