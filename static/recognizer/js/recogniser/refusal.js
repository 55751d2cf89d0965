/** Why a drawing is not read: the rules and codes of recognizer/drawings/recognition.py. */
export const NOT_A_DIGIT = "not a digit";

const SMALLEST_INK = 0.03;

/** @param box of the ink, [left, top, width, height], or null where there is none. */
export function refuseInk(box, { width, height }) {
  if (box === null) {
    return "blank";
  }
  const [, , inkWidth, inkHeight] = box;
  return Math.max(inkWidth, inkHeight) < SMALLEST_INK * Math.min(width, height) ? "too_small" : null;
}

/** @param scores one for each of the network's classes, in their order. */
export function refuseScores(scores, { classes, rejectAbove }) {
  const index = classes.indexOf(NOT_A_DIGIT);
  return index >= 0 && scores[index] > rejectAbove ? "not_a_digit" : null;
}
