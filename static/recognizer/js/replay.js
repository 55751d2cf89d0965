/** When each point of a drawing is drawn again, and which part of its canvas is shown. */

/** Room around the ink, and the least part of the canvas that is shown: a speck stays small. */
const ROOM = 1.4;
const LEAST_SHARE = 0.25;
const LONGEST_PAUSE_MS = 250;
const LONGEST_MS = 3500;
/** For strokes that came without times: the length of the canvas in so many ms. */
const CANVAS_MS = 700;

/**
 * When each point is drawn.
 *
 * Takes strokes of [x, y, t] with t in ms, -1 where unknown. Returns {times, duration}: for each
 * stroke the ms of each point, from 0. Pauses between strokes are cut short, and so is the whole.
 */
export function schedule(strokes, size) {
  const known = strokes.every((stroke) => stroke.every(([, , t], i) => t >= (i ? stroke[i - 1][2] : 0)));
  const relative = known ? strokes.map(byClock) : strokes.map((stroke) => bySpeed(stroke, size));
  let start = 0;
  const times = relative.map((stroke, i) => {
    if (i > 0) start += known ? pause(strokes[i - 1], strokes[i]) : LONGEST_PAUSE_MS;
    const shifted = stroke.map((t) => start + t);
    start = shifted.at(-1) ?? start;
    return shifted;
  });
  const share = start > LONGEST_MS ? LONGEST_MS / start : 1;
  return { times: times.map((stroke) => stroke.map((t) => t * share)), duration: start * share };
}

function byClock(stroke) {
  return stroke.map(([, , t]) => t - stroke[0][2]);
}

function bySpeed(stroke, size) {
  let t = 0;
  return stroke.map(([x, y], i) => {
    if (i > 0) t += (Math.hypot(x - stroke[i - 1][0], y - stroke[i - 1][1]) / size) * CANVAS_MS;
    return t;
  });
}

function pause(before, after) {
  return Math.min(Math.max(after[0][2] - before.at(-1)[2], 0), LONGEST_PAUSE_MS);
}

/** The strokes as far as they were drawn at `now`; a stroke that is under way ends between points. */
export function drawnBy(strokes, times, now) {
  return strokes.flatMap((stroke, i) => {
    const count = times[i].findIndex((t) => t > now);
    if (count < 0) return [stroke];
    if (count === 0) return [];
    const [a, b] = [stroke[count - 1], stroke[count]];
    const share = (now - times[i][count - 1]) / (times[i][count] - times[i][count - 1]);
    const tip = [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
    return [[...stroke.slice(0, count), tip]];
  });
}

/** The square of the canvas that holds the ink, large: {x, y, side}. Pictures are shown whole. */
export function view({ strokes, width, height }) {
  const points = strokes?.flat() ?? [];
  const largest = Math.max(width, height);
  if (points.length === 0) return square([0, width], [0, height], largest);
  const spans = [0, 1].map((axis) => {
    const values = points.map((point) => point[axis]);
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  });
  const longest = Math.max(...spans.map(([low, high]) => high - low));
  return square(...spans, Math.max(longest * ROOM, largest * LEAST_SHARE));
}

function square([left, right], [top, bottom], side) {
  return { x: (left + right - side) / 2, y: (top + bottom - side) / 2, side };
}
