import { decimal } from "./i18n.js";

/** 0.9934 -> "99.3 %". What is not certain is never shown as 100.0 %. */
export function toPercent(share) {
  const tenths = Math.round(share * 1000);
  const shown = share < 1 ? Math.min(tenths, 999) : tenths;
  return `${decimal(shown / 10, 1)} %`;
}

/** Horizontal bars, one for each class, in the list element `list`. */
export class Bars {
  #list;

  constructor(list) {
    this.#list = list;
  }

  /** @param probabilities label -> share from 0 to 1; `best` is the label to stress, if any. */
  show(probabilities, { best = null } = {}) {
    this.#matchLabels(Object.keys(probabilities));
    for (const row of this.#list.children) {
      const label = row.dataset.label;
      paintRow(row, probabilities[label], toPercent(probabilities[label]));
      row.classList.toggle("is-best", label === best);
    }
  }

  clear() {
    for (const row of this.#list.children) {
      paintRow(row, 0, "–");
      row.classList.remove("is-best");
    }
  }

  // The page comes with the ten digits; another model version may know other classes.
  #matchLabels(labels) {
    const shown = Array.from(this.#list.children, (row) => row.dataset.label);
    if (labels.join() === shown.join()) {
      return;
    }
    const model = this.#list.children[0];
    this.#list.replaceChildren(...labels.map((label) => relabelled(model, label)));
  }
}

function relabelled(model, label) {
  const row = model.cloneNode(true);
  row.dataset.label = label;
  row.querySelector(".bar-label").textContent = label;
  return row;
}

function paintRow(row, share, text) {
  row.querySelector(".bar-fill").style.width = `${share * 100}%`;
  row.querySelector(".bar-percent").textContent = text;
}
