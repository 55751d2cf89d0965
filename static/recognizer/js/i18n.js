/**
 * Texts in the page's language, out of Django's catalogue (recognizer/language/javascript_catalogue.py), which a page loads
 * before its modules. Where there is none, in English, in tests and in workers, the text itself.
 *
 * `makemessages` finds only what is called gettext or ngettext with plain strings. The catalogue's
 * functions are globals; its object is not to be relied on, since the admin's scripts replace it.
 */

export function gettext(text) {
  return globalThis.gettext?.(text) ?? text;
}

export function ngettext(singular, plural, count) {
  return globalThis.ngettext?.(singular, plural, count) ?? (count === 1 ? singular : plural);
}

/** "%(count)s more" and {count: 3} -> "3 more". */
export function interpolate(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}

/** 99.34, 1 -> "99.3", or as the language writes it. */
export function decimal(number, places) {
  const separator = globalThis.get_format?.("DECIMAL_SEPARATOR") ?? ".";
  return number.toFixed(places).replace(".", separator);
}

/** 12345 -> "12,345", or as the language writes it. */
export function grouped(number) {
  const separator = globalThis.get_format?.("THOUSAND_SEPARATOR") ?? ",";
  return number.toLocaleString("en").replaceAll(",", separator);
}

/** The browser's own kind of the page's language ("en-GB"), or else just that language. */
export function locale(page = document.documentElement.lang, known = navigator.languages) {
  return known.find((one) => one.split("-")[0] === page.split("-")[0]) ?? page;
}
