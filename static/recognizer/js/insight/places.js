/** Where the ink that mattered lies, in words. */
import { gettext, interpolate, ngettext } from "../i18n.js";
import { IMAGE_SIZE } from "../recogniser/preprocess.js";

const names = () => [
  [gettext("the top left"), gettext("the top"), gettext("the top right")],
  [gettext("the left"), gettext("the middle"), gettext("the right")],
  [gettext("the bottom left"), gettext("the bottom"), gettext("the bottom right")],
];
// Thirds of the box of 20 pixels that the ink fills.
const THIRDS = [IMAGE_SIZE / 2 - 10 / 3, IMAGE_SIZE / 2 + 10 / 3];

const LITTLE = 0.5; // in log odds
const STRONG = 0.6; // of what the strongest pixel has
const NEARLY_ALL = 0.6;
const ALSO = 0.6;

/**
 * Which parts spoke for what was read, and which against it.
 *
 * @param relevance 784 numbers, 0 where there is no ink
 * @returns {kind: "parts" | "all" | "none", parts, against}; lists of names, the strongest first
 */
export function whatMattered(relevance) {
  const strongest = relevance.reduce((most, value) => Math.max(most, value), 0);
  const weakest = relevance.reduce((least, value) => Math.min(least, value), 0);
  const against =
    -weakest >= LITTLE && -weakest >= strongest / 4
      ? partsOf(relevance.map((value) => (value <= weakest * STRONG ? -value : 0)))
      : [];
  if (strongest < LITTLE) {
    return { kind: "none", parts: [], against };
  }
  const strong = relevance.map((value) => (value >= strongest * STRONG ? value : 0));
  const share = count(strong) / count(relevance);
  return { kind: share > NEARLY_ALL ? "all" : "parts", parts: partsOf(strong), against };
}

function count(values) {
  return values.reduce((sum, value) => sum + (value !== 0), 0);
}

/** The part with the most, and the next if it has nearly as much. */
function partsOf(amounts) {
  const sums = new Map();
  const parts = names();
  amounts.forEach((amount, pixel) => {
    const part = parts[thirdOf(Math.floor(pixel / IMAGE_SIZE))][thirdOf(pixel % IMAGE_SIZE)];
    sums.set(part, (sums.get(part) ?? 0) + amount);
  });
  const [first, second] = [...sums].sort((a, b) => b[1] - a[1]);
  return second[1] >= first[1] * ALSO ? [first[0], second[0]] : [first[0]];
}

function thirdOf(pixel) {
  const at = pixel + 0.5;
  return at < THIRDS[0] ? 0 : at < THIRDS[1] ? 1 : 2;
}

/** "the 7", as `inWords` takes it. */
export function theDigit(digit) {
  return interpolate(gettext("the %(digit)s"), { digit });
}

/** @param read what was read, as "the 7" */
export function inWords({ kind, parts, against }, read) {
  const most = interpolate(
    {
      none: gettext("No single part mattered much."),
      all: gettext("Nearly all of the ink mattered for %(read)s."),
      parts: gettext("What mattered most for %(read)s: %(parts)s."),
    }[kind],
    { read, parts: listed(parts) },
  );
  if (against.length === 0) {
    return most;
  }
  const words = ngettext("%(parts)s speaks against it.", "%(parts)s speak against it.", against.length);
  return `${most} ${interpolate(words, { parts: capitalised(listed(against)) })}`;
}

/** One name, or two with "and" between them. */
function listed([first, second]) {
  return second === undefined ? first : interpolate(gettext("%(first)s and %(second)s"), { first, second });
}

function capitalised(text) {
  return text[0].toUpperCase() + text.slice(1);
}
