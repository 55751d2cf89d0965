import { request } from "../api.js";
import { gettext, interpolate } from "../i18n.js";
import { labelInWords } from "../labels.js";
import { rename } from "./rename.js";
import { Sharing } from "./sharing.js";
import { pictureOf, showLabel } from "./shown.js";

const byId = (id) => document.getElementById(id);

/**
 * Wires the buttons of all [data-drawing] elements on the page, and the dialogs behind them.
 *
 * @param handlers onCorrected(element, label) and onDeleted(element), once the server has done it.
 */
export function wireActs(toasts, { onCorrected = () => {}, onDeleted }) {
  const dialogs = { correct: byId("correct-dialog"), delete: byId("delete-dialog") };
  const sharing = new Sharing(toasts);
  let chosen = null;

  const ask = (dialog) => (element) => {
    chosen = element;
    dialog.querySelector("[data-picture]").replaceChildren(pictureOf(element));
    dialog.showModal();
  };
  const acts = {
    correct: ask(dialogs.correct),
    delete: ask(dialogs.delete),
    share: (element) => sharing.open(element),
    rename: (element) => rename(element, toasts),
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-drawing] button[data-action]");
    if (button) acts[button.dataset.action]?.(button.closest("[data-drawing]"));
  });

  dialogs.correct.addEventListener("click", ({ target }) => {
    const label = target.closest("button")?.dataset.label;
    if (label === undefined) return;
    attempt(dialogs.correct, gettext("Your answer was not saved."), toasts, async () => {
      const stored = await request(chosen.dataset.url, { method: "PATCH", body: { label } });
      showLabel(chosen, stored.label);
      toasts.success(interpolate(gettext("Thank you. Noted as %(label)s."), { label: labelInWords(label) }));
      onCorrected(chosen, stored.label);
    });
  });

  byId("delete-confirm").addEventListener("click", () => {
    attempt(dialogs.delete, gettext("Not deleted."), toasts, async () => {
      await request(chosen.dataset.url, { method: "DELETE" });
      onDeleted(chosen);
    });
  });
}

/** Does it with the dialog's buttons off, then closes the dialog; says what went wrong. */
async function attempt(dialog, failure, toasts, act) {
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
  for (const button of dialog.querySelectorAll("button")) button.disabled = disabled;
}
