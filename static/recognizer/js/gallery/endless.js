/**
 * Fetches the next piece of a list as its end comes near, and when its link is pressed.
 *
 * The link leads to a page with the rest; its items are moved here. What has failed waits for a press.
 */
export class Endless {
  #list;
  #more;
  #handlers;
  #isBusy = false;
  #observer;

  /** @param handlers onItems(items, {byHand}), onError(error) */
  constructor(list, more, handlers) {
    this.#list = list;
    this.#more = more;
    this.#handlers = handlers;
    this.#observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && this.#next(),
      { rootMargin: "600px" },
    );
    more.addEventListener("click", (event) => {
      if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        this.#next({ byHand: true });
      }
    });
    this.#watch();
  }

  // An observer tells of a change only, and a short piece may leave the end in sight.
  #watch() {
    this.#observer.disconnect();
    if (this.#more.querySelector("a")) this.#observer.observe(this.#more);
  }

  async #next({ byHand = false } = {}) {
    const link = this.#more.querySelector("a");
    if (!link || this.#isBusy) return;
    this.#isBusy = true;
    this.#list.setAttribute("aria-busy", "true");
    try {
      this.#take(await fetchPage(link.href), byHand);
      this.#watch();
    } catch (error) {
      this.#observer.disconnect();
      this.#handlers.onError(error);
    }
    this.#list.removeAttribute("aria-busy");
    this.#isBusy = false;
  }

  #take(page, byHand) {
    const items = [...(page.getElementById(this.#list.id)?.children ?? [])];
    this.#list.append(...items);
    this.#more.replaceChildren(...(page.getElementById(this.#more.id)?.childNodes ?? []));
    this.#handlers.onItems(items, { byHand });
  }
}

async function fetchPage(url) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`The server did not send them (${response.status}).`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
