const STATES = {
  suggested: "waiting for review",
  approved: "approved",
  refused: "refused",
};

/** How a drawing's label reads on its card; the same words as in _drawing.html. */
export function describeLabel(label) {
  return label ? `Labelled ${label.value} · ${STATES[label.state] ?? label.state}` : "Not labelled";
}

/** "a 7", "an 8". */
export function withArticle(label) {
  return `${label.startsWith("8") ? "an" : "a"} ${label}`;
}
