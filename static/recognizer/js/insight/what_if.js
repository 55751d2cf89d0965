import { toPercent } from "../bars.js";
import { gettext, interpolate } from "../i18n.js";
import { labelInWords, NOT_A_DIGIT, withArticle } from "../labels.js";

/** More would be a list that nobody reads. */
export const MOST_STROKES = 12;

/**
 * What would be read without each of the strokes, one question at a time.
 *
 * @param read (strokes) -> Promise of an answer
 * @returns Promise of [{index, answer}]; none for a single stroke; rejects once `signal` is aborted
 */
export async function readWithoutEach(strokes, read, { signal } = {}) {
  const trials = [];
  const count = strokes.length > 1 ? Math.min(strokes.length, MOST_STROKES) : 0;
  for (let index = 0; index < count; index += 1) {
    signal?.throwIfAborted();
    const answer = await read(strokes.filter((_, other) => other !== index));
    trials.push({ index, answer });
  }
  signal?.throwIfAborted();
  return trials;
}

/** {verdict, detail, isOther}: "still a 7" and "98.1 % sure". */
export function describe(answer, before) {
  const isOther = answer.text !== before.text;
  const still = (reading) => (isOther ? reading : interpolate(gettext("still %(reading)s"), { reading }));
  if (!answer.text) {
    const isTooLittle = answer.rejected.code !== "not_a_digit";
    const verdict = isTooLittle ? gettext("too little is left") : still(labelInWords(NOT_A_DIGIT));
    return { verdict, detail: "", isOther };
  }
  const detail = interpolate(gettext("%(percent)s sure"), { percent: toPercent(answer.confidence) });
  return { verdict: still(withArticle(answer.text)), detail, isOther };
}

/** A stroke as the data of an SVG path; a point becomes a dot under round caps. */
export function pathOf({ points }) {
  return `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}l0 0`;
}
