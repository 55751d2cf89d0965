/** What is told of drawings on their way, in words. */

const WHEN = { true: "as soon as the server answers", false: "when you are online" };

export function keptInWords(isOnline) {
  return `Kept on this device; it will be sent ${WHEN[isOnline]}.`;
}

/** How much waits, and for what; "" where nothing does. */
export function waitingInWords(items, isOnline) {
  const drawings = items.filter(({ id }) => id === null).length;
  const things = [count(drawings, "drawing"), count(items.length - drawings, "correction")];
  const named = things.filter(Boolean).join(" and ");
  const verb = items.length === 1 ? "is" : "are";
  return named && `${named} ${verb} kept on this device, to be sent ${WHEN[isOnline]}.`;
}

export function othersInWords(items) {
  if (items.length === 0) {
    return "";
  }
  return items.length === 1
    ? "1 drawing of another account waits until that account signs in here."
    : `${items.length} drawings of other accounts wait until these sign in here.`;
}

export function sentInWords(number) {
  return number === 1
    ? "Sent: the drawing that was kept on this device."
    : `Sent: ${number} drawings that were kept on this device.`;
}

function count(number, noun) {
  return number === 0 ? "" : `${number} ${noun}${number === 1 ? "" : "s"}`;
}
