import { toPercent } from "./bars.js";
import { gettext, interpolate } from "./i18n.js";
import { withArticle } from "./labels.js";

const WORTH_TELLING = 0.01;
const NBSP = "\u00a0";

/** The second best guess of a symbol, {label, share}; null where the model hardly thinks of one. */
export function secondGuess({ label, probabilities }) {
  const others = Object.entries(probabilities).filter(([other]) => other !== label);
  const [second, share] = others.reduce((best, each) => (each[1] > best[1] ? each : best), ["", 0]);
  return share >= WORTH_TELLING ? { label: second, share } : null;
}

/** "87.3 % sure, or a 1 (12.0 %)" of an answer that reads something. */
export function howSure({ confidence, symbols: [symbol] }) {
  const second = secondGuess(symbol);
  const percent = toPercent(confidence);
  if (!second) {
    return interpolate(gettext("%(percent)s sure"), { percent });
  }
  const guess = interpolate(gettext("or %(label)s"), { label: withArticle(second.label) });
  return interpolate(gettext("%(percent)s sure, %(guess)s (%(share)s)"), {
    percent,
    guess: unbroken(guess),
    share: unbroken(toPercent(second.share)),
  });
}

/** What a drawing that was refused would have been read as. */
export function wouldHaveGuessed(symbol) {
  if (symbol.probabilities[symbol.label] < WORTH_TELLING) {
    return gettext("No digit is close");
  }
  const second = secondGuess(symbol);
  const label = withArticle(symbol.label);
  if (!second) {
    return interpolate(gettext("It would have guessed %(label)s"), { label });
  }
  const words = gettext("It would have guessed %(label)s, or %(other)s");
  return interpolate(words, { label, other: withArticle(second.label) });
}

function unbroken(words) {
  return words.replaceAll(" ", NBSP);
}
