import { request } from "../api.js";
import { gettext } from "../i18n.js";
import { isShared, pictureOf, showShared } from "./shown.js";

const byId = (id) => document.getElementById(id);

/** What a person copies into a page of their own; the address is the server's, without quotes. */
export function embedCode(url) {
  return `<iframe src="${url}" width="340" height="420" loading="lazy" title="${gettext("A drawing")}"></iframe>`;
}

/** The dialog that makes a link, shows it, and takes it back. */
export class Sharing {
  #toasts;
  #dialog = byId("share-dialog");
  #element = null;

  constructor(toasts) {
    this.#toasts = toasts;
    byId("share-start").addEventListener("click", () => this.#start());
    byId("share-stop").addEventListener("click", () => this.#stop());
    this.#dialog.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-copy]");
      if (button) this.#copy(byId(button.dataset.copy));
    });
  }

  async open(element) {
    this.#element = element;
    this.#dialog.querySelector("[data-picture]").replaceChildren(pictureOf(element));
    this.#show(null);
    this.#dialog.showModal();
    if (isShared(element)) await this.#start();
  }

  // Asking again for a link that is there gives the same one.
  #start() {
    return this.#attempt(gettext("The link was not created."), async (element) => {
      this.#show(await request(element.dataset.shareUrl, { method: "POST" }));
      showShared(element, true);
      return byId("share-url");
    });
  }

  #stop() {
    return this.#attempt(gettext("It is still shared."), async (element) => {
      await request(element.dataset.shareUrl, { method: "DELETE" });
      showShared(element, false);
      this.#show(null);
      return byId("share-start");
    });
  }

  /** Does it with the buttons off; what `act` gives has the focus then. */
  async #attempt(failure, act) {
    const buttons = [byId("share-start"), byId("share-stop")];
    for (const button of buttons) button.disabled = true;
    let next = null;
    try {
      next = await act(this.#element);
    } catch (error) {
      this.#dialog.close();
      this.#toasts.error(`${failure} ${error.message}`);
    }
    for (const button of buttons) button.disabled = false;
    next?.focus();
    next?.select?.();
  }

  #show(links) {
    byId("share-off").hidden = links !== null;
    byId("share-on").hidden = links === null;
    byId("share-url").value = links?.url ?? "";
    byId("share-embed").value = links ? embedCode(links.embed_url) : "";
    if (links) byId("share-open").href = links.url;
  }

  async #copy(field) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // all there is without https
    }
    this.#say(field);
  }

  // Toasts lie below an open dialog.
  #say(field) {
    const button = this.#dialog.querySelector(`[data-copy="${field.id}"]`);
    const words = (button.dataset.words ??= button.textContent);
    button.textContent = gettext("Copied");
    setTimeout(() => (button.textContent = words), 2_000);
  }
}
