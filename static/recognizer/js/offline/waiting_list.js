import { gettext } from "../i18n.js";
import { othersInWords, waitingInWords } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * Shows what waits to be sent, and what the server refused, in the page's [data-waiting] element.
 *
 * @param handlers onSendNow(), onTryAgain(key), onDelete(key)
 */
export class WaitingList {
  #element;
  #handlers;
  #items = [];
  #account = "";

  constructor(element, handlers) {
    this.#element = element;
    this.#handlers = handlers;
    this.#part("send").addEventListener("click", handlers.onSendNow);
    this.#part("forget").addEventListener("click", () => this.#forgetOthers());
    for (const change of ["online", "offline"]) {
      window.addEventListener(change, () => this.#render());
    }
  }

  show(items, account) {
    this.#items = items;
    this.#account = account;
    this.#render();
  }

  #render() {
    const others = this.#others();
    const mine = this.#items.filter((item) => !others.includes(item));
    const refused = mine.filter((item) => item.refused !== null);
    const waiting = mine.filter((item) => item.refused === null);
    this.#say("summary", waitingInWords(waiting, navigator.onLine));
    this.#say("others", othersInWords(others));
    this.#part("send").hidden = waiting.length === 0 || !navigator.onLine;
    this.#part("forget").hidden = others.length === 0;
    this.#part("refused").replaceChildren(...refused.map((item) => this.#refusal(item)));
    this.#element.dataset.oneWaits = waiting.length === 1 && this.#items.length === 1;
    this.#element.hidden = this.#items.length === 0;
  }

  #others() {
    return this.#items.filter(({ account }) => account !== "" && account !== this.#account);
  }

  #forgetOthers() {
    const others = this.#others();
    if (window.confirm(`${othersInWords(others)}\n\n${gettext("Delete the drawings that were never sent?")}`)) {
      others.forEach(({ key }) => this.#handlers.onDelete(key));
    }
  }

  #refusal({ key, body, refused }) {
    const entry = this.#element.querySelector("template").content.firstElementChild.cloneNode(true);
    entry.querySelector("[data-part='picture']").replaceChildren(pictureOf(body));
    entry.querySelector("[data-part='reason']").textContent = refused;
    entry.querySelector("[data-part='again']").addEventListener("click", () => this.#handlers.onTryAgain(key));
    entry.querySelector("[data-part='delete']").addEventListener("click", () => this.#handlers.onDelete(key));
    return entry;
  }

  #say(part, words) {
    const element = this.#part(part);
    element.hidden = words === "";
    if (element.textContent !== words) {
      element.textContent = words;
    }
  }

  #part(name) {
    return this.#element.querySelector(`[data-part="${name}"]`);
  }
}

function pictureOf(body) {
  if (body?.image) {
    const image = new Image(56, 56);
    image.src = body.image;
    image.alt = "";
    return image;
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${body?.width ?? 1} ${body?.height ?? 1}`);
  for (const stroke of body?.strokes ?? []) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", stroke.map(([x, y]) => `${x},${y}`).join(" "));
    svg.append(line);
  }
  return svg;
}
