import { request } from "../api.js";
import { gettext, interpolate } from "../i18n.js";
import { showTitle, titleOf } from "./shown.js";

/**
 * Lets a drawing be named in place: Enter or leaving the field keeps the name, Esc does not.
 *
 * @param element the [data-drawing] element; @param toasts where to say what went wrong.
 */
export function rename(element, toasts) {
  const named = element.querySelector("[data-named]");
  const button = named.querySelector("[data-action='rename']");
  const form = document.getElementById("rename-form").content.firstElementChild.cloneNode(true);
  const input = form.elements.title;
  const before = titleOf(element);
  let isOver = false;

  function close(refocus) {
    isOver = true;
    form.remove();
    named.hidden = false;
    if (refocus) button.focus();
  }

  async function keep(refocus) {
    if (isOver) return;
    const title = input.value;
    if (title.trim() === before) return close(refocus);
    isOver = true;
    try {
      const stored = await request(element.dataset.url, { method: "PATCH", body: { title } });
      showTitle(element, stored.title);
      close(refocus);
      toasts.success(stored.title ? interpolate(gettext("Named “%(title)s”."), stored) : gettext("The name was removed."));
    } catch (error) {
      isOver = false;
      input.focus();
      toasts.error(`${gettext("The name was not saved.")} ${error.message}`);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(true);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close(true);
    }
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!form.contains(relatedTarget) && document.hasFocus()) keep(false);
  });

  input.value = before;
  named.hidden = true;
  named.after(form);
  input.focus();
  input.select();
}
