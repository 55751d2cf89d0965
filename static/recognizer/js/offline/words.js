/** What is told of drawings on their way, in words. */
import { gettext, interpolate, ngettext } from "../i18n.js";

export function keptInWords(isOnline) {
  return isOnline
    ? gettext("Kept on this device; it will be sent as soon as the server answers.")
    : gettext("Kept on this device; it will be sent when you are online.");
}

/** How much waits, and for what; "" where nothing does. */
export function waitingInWords(items, isOnline) {
  if (items.length === 0) {
    return "";
  }
  const drawings = items.filter(({ id }) => id === null).length;
  const number = items.length;
  const words = isOnline
    ? ngettext(
        "%(things)s is kept on this device, to be sent as soon as the server answers.",
        "%(things)s are kept on this device, to be sent as soon as the server answers.",
        number,
      )
    : ngettext(
        "%(things)s is kept on this device, to be sent when you are online.",
        "%(things)s are kept on this device, to be sent when you are online.",
        number,
      );
  return interpolate(words, { things: things(drawings, number - drawings) });
}

function things(drawings, corrections) {
  const first = counted(ngettext("%(count)s drawing", "%(count)s drawings", drawings), drawings);
  const second = counted(ngettext("%(count)s correction", "%(count)s corrections", corrections), corrections);
  if (drawings > 0 && corrections > 0) {
    return interpolate(gettext("%(first)s and %(second)s"), { first, second });
  }
  return drawings > 0 ? first : second;
}

export function othersInWords(items) {
  if (items.length === 0) {
    return "";
  }
  const words = ngettext(
    "%(count)s drawing of another account waits until that account signs in here.",
    "%(count)s drawings of other accounts wait until these sign in here.",
    items.length,
  );
  return counted(words, items.length);
}

export function sentInWords(number) {
  const words = ngettext(
    "Sent: the drawing that was kept on this device.",
    "Sent: %(count)s drawings that were kept on this device.",
    number,
  );
  return counted(words, number);
}

function counted(words, count) {
  return interpolate(words, { count });
}
