/** Where each epoch's numbers lie in a chart. Pure: no DOM. */

export const BOX = { width: 360, height: 180, left: 52, right: 10, top: 10, bottom: 26 };

/** The records that hold a number under `name`, as {epoch, value}. */
export function series(history, name) {
  return history
    .filter((record) => Number.isFinite(record[name]))
    .map((record) => ({ epoch: record.epoch, value: record[name] }));
}

/** [low, high] of all values, widened where they are all the same. */
export function range(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = high > low ? 0 : Math.abs(high) * 0.01 || 0.01;
  return [low - room, high + room];
}

/**
 * Lay out a chart of some names of a training history.
 *
 * Returns null while there is nothing to show; else {lines: [{name, points}],
 * ticks: [{y, value}], epochs: [{x, epoch}]} with all places in `BOX` units.
 */
export function layOut(history, names, box = BOX) {
  const found = names.map((name) => ({ name, values: series(history, name) }));
  const all = found.flatMap((line) => line.values);
  if (all.length === 0) return null;
  const [low, high] = range(all.map((point) => point.value));
  const first = Math.min(...all.map((point) => point.epoch));
  const last = Math.max(...all.map((point) => point.epoch));
  const x = (epoch) => {
    const width = box.width - box.left - box.right;
    return box.left + (last > first ? (width * (epoch - first)) / (last - first) : width / 2);
  };
  const y = (value) => box.top + ((box.height - box.top - box.bottom) * (high - value)) / (high - low);
  return {
    lines: found.map(({ name, values }) => ({
      name,
      points: values.map((point) => ({ x: x(point.epoch), y: y(point.value) })),
    })),
    ticks: [low, (low + high) / 2, high].map((value) => ({ y: y(value), value })),
    epochs: evenly(first, last, 6).map((epoch) => ({ x: x(epoch), epoch })),
  };
}

/** At most `count` whole numbers from first to last, both included. */
export function evenly(first, last, count) {
  const step = Math.max(1, Math.ceil((last - first) / (count - 1)));
  const numbers = [];
  for (let number = first; number < last; number += step) numbers.push(number);
  if (numbers.length > 1 && last - numbers.at(-1) < step / 2) numbers.pop();
  return [...numbers, last];
}

/** How far a run is, from 0 to 1. */
export function progress({ state, epoch, epochs, step, steps }) {
  if (state === "succeeded") return 1;
  if (!epochs || !epoch) return 0;
  return Math.min(1, (epoch - 1 + (steps ? step / steps : 0)) / epochs);
}
