import { gettext, interpolate } from "./i18n.js";

export const NOT_A_DIGIT = "not a digit";

/** How a drawing's label reads on its card; the same words as in _label_state.html. */
export function describeLabel(label) {
  if (!label) {
    return gettext("Not labelled");
  }
  const words = {
    suggested: gettext("Labelled %(value)s · waiting for review"),
    approved: gettext("Labelled %(value)s · approved"),
    refused: gettext("Labelled %(value)s · refused"),
  }[label.state];
  return interpolate(words ?? label.state, { value: labelInWords(label.value) });
}

/** A label's value as people read it: "7", or "not a digit" in their language. */
export function labelInWords(label) {
  return label === NOT_A_DIGIT ? gettext("not a digit") : label;
}

/** "a 7", "an 8". */
export function withArticle(label) {
  const words = label.startsWith("8") ? gettext("an %(digit)s") : gettext("a %(digit)s");
  return interpolate(words, { digit: label });
}

export function inQuotes(words) {
  return interpolate(gettext("“%(words)s”"), { words });
}
