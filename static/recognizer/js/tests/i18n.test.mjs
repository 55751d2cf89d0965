import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { toPercent } from "../bars.js";
import { decimal, gettext, grouped, interpolate, locale, ngettext } from "../i18n.js";
import { describeLabel } from "../labels.js";
import { waitingInWords } from "../offline/words.js";

afterEach(() => {
  for (const name of ["gettext", "ngettext", "get_format"]) delete globalThis[name];
});

/** What Django's catalogue puts there. */
function speak(catalogue, formats = {}) {
  Object.assign(globalThis, {
    gettext: (text) => catalogue[text] ?? text,
    ngettext: (one, many, count) => catalogue[one]?.[count === 1 ? 0 : 1] ?? (count === 1 ? one : many),
    get_format: (name) => formats[name],
  });
}

test("without a catalogue a text is what it is", () => {
  assert.equal(gettext("Save"), "Save");
  assert.equal(ngettext("%(count)s drawing", "%(count)s drawings", 1), "%(count)s drawing");
  assert.equal(ngettext("%(count)s drawing", "%(count)s drawings", 2), "%(count)s drawings");
  assert.equal(decimal(99.34, 1), "99.3");
  assert.equal(grouped(12345), "12,345");
});

test("values are put in by their names, wherever a language has them", () => {
  assert.equal(interpolate("%(b)s before %(a)s, 5 %", { a: 1, b: "$&" }), "$& before 1, 5 %");
});

test("texts and numbers are the catalogue's", () => {
  speak(
    {
      "not a digit": "keine Ziffer",
      "Labelled %(value)s · approved": "Angabe: %(value)s · bestätigt",
      "%(count)s drawing": ["%(count)s Zeichnung", "%(count)s Zeichnungen"],
    },
    { DECIMAL_SEPARATOR: ",", THOUSAND_SEPARATOR: "." },
  );
  assert.equal(describeLabel({ value: "not a digit", state: "approved" }), "Angabe: keine Ziffer · bestätigt");
  assert.match(waitingInWords([{ id: null }, { id: null }], true), /^2 Zeichnungen are kept/);
  assert.equal(toPercent(0.9934), "99,3 %");
  assert.equal(grouped(12345), "12.345");
});

test("dates are written as the browser writes the page's language", () => {
  assert.equal(locale("en", ["de-DE", "en-GB"]), "en-GB");
  assert.equal(locale("de", ["en-GB", "fr"]), "de");
});
