/**
 * From strokes to the bitmap a network reads: what ml/drawing/preprocessing.py and ml/drawing/strokes.py do, step by
 * step and in the same order, so that both give the same bytes (tests/golden.json holds that).
 *
 * Drawn is the body that the API reads: {strokes: [[[x, y, …], …], …], width, height}.
 */
export const IMAGE_SIZE = 28;

const INK_BOX = 20;
const PEN_WIDTH_PX = 2.6;
const STEP_PX = 0.5;
const MOST_DISCS = 4096;
const UNITS_PER_PX = 100;
const PIXELS = IMAGE_SIZE * IMAGE_SIZE;

/** The 28x28 bitmap of strokes that hold ink: numbers from 0 to 1, all of them 255ths. */
export function preprocess(drawn) {
  const points = fitStrokes(drawn).flatMap((stroke) => resample(stroke));
  const bitmap = centreByMass(stampDiscs(points));
  return bitmap.map((ink) => roundHalfToEven(Math.fround(ink * 255)) / 255);
}

/** Where the ink lies, [left, top, width, height] in pixels of the canvas; null without ink. */
export function inkBox({ strokes }) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of strokes.flat()) {
    const [atX, atY] = [toUnits(x), toUnits(y)];
    box[0] = Math.min(box[0], atX);
    box[1] = Math.min(box[1], atY);
    box[2] = Math.max(box[2], atX);
    box[3] = Math.max(box[3], atY);
  }
  const [left, top, right, bottom] = box;
  return left === Infinity ? null : [left, top, right - left, bottom - top];
}

/** The server keeps a hundredth of a pixel. */
function toUnits(coordinate) {
  return roundHalfToEven(coordinate * UNITS_PER_PX) / UNITS_PER_PX;
}

function fitStrokes({ strokes }) {
  const points = strokes.map((stroke) => stroke.map(([x, y]) => [toUnits(x), toUnits(y)]));
  const [lowX, highX] = bounds(points, 0);
  const [lowY, highY] = bounds(points, 1);
  const extent = Math.max(highX - lowX, highY - lowY);
  const scale = extent ? (INK_BOX - PEN_WIDTH_PX) / extent : 1;
  const shiftX = IMAGE_SIZE / 2 - (scale * (lowX + highX)) / 2;
  const shiftY = IMAGE_SIZE / 2 - (scale * (lowY + highY)) / 2;
  return points
    .filter((stroke) => stroke.length > 0)
    .map((stroke) => stroke.map(([x, y]) => [scale * x + shiftX, scale * y + shiftY]));
}

function bounds(strokes, axis) {
  let [low, high] = [Infinity, -Infinity];
  for (const point of strokes.flat()) {
    low = Math.min(low, point[axis]);
    high = Math.max(high, point[axis]);
  }
  return [low, high];
}

/** Points at most half a pixel apart along the stroke, both ends kept. */
function resample(stroke) {
  const lengths = [0];
  for (let i = 1; i < stroke.length; i += 1) {
    const dx = stroke[i][0] - stroke[i - 1][0];
    const dy = stroke[i][1] - stroke[i - 1][1];
    lengths.push(lengths[i - 1] + Math.sqrt(dx * dx + dy * dy));
  }
  const total = lengths.at(-1);
  if (total === 0) {
    return [stroke[0]];
  }
  const count = Math.ceil(total / STEP_PX);
  const step = total / count;
  const points = [];
  let before = 0;
  for (let i = 0; i < count; i += 1) {
    const at = i * step;
    while (lengths[before + 1] <= at) {
      before += 1;
    }
    points.push(between(stroke, lengths, before, at));
  }
  points.push(stroke.at(-1));
  return points;
}

function between(stroke, lengths, before, at) {
  const [x, y] = stroke[before];
  const [nextX, nextY] = stroke[before + 1];
  const length = lengths[before + 1] - lengths[before];
  const along = at - lengths[before];
  return [((nextX - x) / length) * along + x, ((nextY - y) / length) * along + y];
}

/** Inks a disc at each point, its edge blended over one pixel. */
function stampDiscs(points) {
  const bitmap = new Float32Array(PIXELS);
  const isCoarse = points.length > MOST_DISCS;
  for (const [x, y] of points) {
    if (isCoarse) {
      stampDisc(bitmap, roundHalfToEven(x * 4) / 4, roundHalfToEven(y * 4) / 4);
    } else {
      stampDisc(bitmap, x, y);
    }
  }
  return bitmap;
}

function stampDisc(bitmap, centreX, centreY) {
  const reach = PEN_WIDTH_PX / 2 + 0.5;
  const window = Math.floor(2 * reach);
  const left = Math.ceil(centreX - reach - 0.5);
  const top = Math.ceil(centreY - reach - 0.5);
  for (let y = Math.max(0, top); y <= Math.min(top + window, IMAGE_SIZE - 1); y += 1) {
    for (let x = Math.max(0, left); x <= Math.min(left + window, IMAGE_SIZE - 1); x += 1) {
      const dx = x + 0.5 - centreX;
      const dy = y + 0.5 - centreY;
      const coverage = Math.fround(Math.min(reach - Math.sqrt(dy * dy + dx * dx), 1));
      if (coverage > bitmap[y * IMAGE_SIZE + x]) {
        bitmap[y * IMAGE_SIZE + x] = coverage;
      }
    }
  }
}

/** Shifts the ink by whole pixels so that its centre of mass lies on the image's centre. */
function centreByMass(bitmap) {
  let [mass, momentX, momentY] = [0, 0, 0];
  bitmap.forEach((ink, index) => {
    mass += ink;
    momentX += ink * (index % IMAGE_SIZE);
    momentY += ink * Math.floor(index / IMAGE_SIZE);
  });
  const middle = (IMAGE_SIZE - 1) / 2;
  const right = roundHalfToEven(middle - momentX / mass);
  const down = roundHalfToEven(middle - momentY / mass);
  const shifted = new Float32Array(PIXELS);
  bitmap.forEach((ink, index) => {
    const x = (index % IMAGE_SIZE) + right;
    const y = Math.floor(index / IMAGE_SIZE) + down;
    if (x >= 0 && x < IMAGE_SIZE && y >= 0 && y < IMAGE_SIZE) {
      shifted[y * IMAGE_SIZE + x] = ink;
    }
  });
  return shifted;
}

/** As Python and NumPy round; Math.round takes every half up. */
function roundHalfToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
