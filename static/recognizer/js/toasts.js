import { gettext } from "./i18n.js";

const SHORT_MS = 5_000;
const LONG_MS = 15_000;

/** Short messages in the corner, in a live region so that a screen reader says them. */
export class Toasts {
  #region;

  constructor(region) {
    this.#region = region;
  }

  success(message) {
    this.#show(message, "success", SHORT_MS);
  }

  error(message) {
    this.#show(message, "error", LONG_MS);
  }

  // A message that is already there is moved, not piled up.
  #show(message, kind, duration) {
    for (const toast of this.#region.children) {
      if (toast.firstChild.textContent === message) {
        toast.remove();
      }
    }
    const toast = build(message, kind);
    this.#region.append(toast);
    setTimeout(() => toast.remove(), duration);
  }
}

function build(message, kind) {
  const toast = document.createElement("div");
  toast.className = `toast toast-${kind}`;
  const text = document.createElement("p");
  text.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", gettext("Dismiss"));
  close.textContent = "×";
  close.addEventListener("click", () => toast.remove());
  toast.append(text, close);
  return toast;
}
