import { describeLabel } from "../labels.js";

/** What a [data-drawing] element shows of its drawing, wherever on the site it stands. */

export function showLabel(element, label) {
  const state = element.querySelector(".label-state");
  if (state) {
    state.dataset.state = label?.state ?? "none";
    state.textContent = describeLabel(label);
  }
}

export const titleOf = (element) => element.querySelector("[data-field='title']").textContent;

export function showTitle(element, title) {
  element.querySelector("[data-field='title']").textContent = title;
}

export const isShared = (element) => !element.querySelector("[data-field='shared']").hidden;

export function showShared(element, shared) {
  element.querySelector("[data-field='shared']").hidden = !shared;
}

/** A still copy of the drawing. */
export function pictureOf(element) {
  const picture = element.querySelector(".ink, .photo").cloneNode(true);
  picture.querySelector?.(".ink-ghost, .ink-numbers")?.remove();
  for (const path of picture.querySelectorAll?.("path") ?? []) {
    path.removeAttribute("stroke-dasharray");
    path.removeAttribute("visibility");
  }
  return picture;
}
