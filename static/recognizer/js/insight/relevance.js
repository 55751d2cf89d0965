import { IMAGE_SIZE } from "../recogniser/preprocess.js";

const REACH_PX = 4.5;
const STEP_PX = 3;
const FIRST_PX = 2;
const LEAST_INK = 1; // pixels; a patch with less changes nothing that can be seen
const FAINT = 0.15;
const LEAST_SHARE = 1e-6; // A float32 softmax says nothing below it.
const BUDGET_MS = 1500;

/**
 * How much each pixel of ink spoke for what was read.
 *
 * Takes ink away in soft round patches, one after the other, and looks how far the log odds of the
 * label fall; a pixel gets the mean of the patches over it. Above 0 it spoke for the label, below 0
 * against it. Odds and not shares, because a share of 99.99 % hardly moves while evidence goes.
 * One question is asked at a time, so that a live reading never waits for more than one.
 *
 * Sources: occlusion, Zeiler and Fergus, "Visualizing and understanding convolutional networks",
 * 2014; log odds, Robnik-Šikonja and Kononenko, "Explaining classifications for individual
 * instances", 2008.
 *
 * @param bitmap 784 numbers from 0 (paper) to 1 (ink)
 * @param classify (bitmap) -> Promise of a score for each class, by its name
 * @returns Promise of 784 numbers, 0 where there is no ink; rejects once `signal` is aborted
 */
export async function relevanceOf(bitmap, label, classify, { signal, now = () => performance.now() } = {}) {
  const end = now() + BUDGET_MS;
  const whole = logOdds(await classify(bitmap), label);
  const lost = new Float64Array(bitmap.length);
  const weights = new Float64Array(bitmap.length);
  for (const patch of patchesOn(bitmap)) {
    signal?.throwIfAborted();
    if (now() > end) {
      break;
    }
    const left = bitmap.map((ink, pixel) => ink * (1 - patch[pixel]));
    const loss = whole - logOdds(await classify(left), label);
    patch.forEach((share, pixel) => {
      lost[pixel] += share * loss;
      weights[pixel] += share;
    });
  }
  signal?.throwIfAborted();
  return lost.map((sum, pixel) => (isInk(bitmap[pixel]) && weights[pixel] > 0 ? sum / weights[pixel] : 0));
}

/** What is dark enough to have a colour of its own. */
export function isInk(level) {
  return level > FAINT;
}

function logOdds(scores, label) {
  let others = 0;
  for (const [name, score] of Object.entries(scores)) {
    others += name === label ? 0 : score;
  }
  return Math.log(Math.max(scores[label], LEAST_SHARE)) - Math.log(Math.max(others, LEAST_SHARE));
}

/**
 * Those that cover ink, each made when it is needed, so that the page never halts. Every second one
 * comes first: a slow device has seen all of the ink when its time is over.
 */
function* patchesOn(bitmap) {
  const places = [];
  for (let at = FIRST_PX; at < IMAGE_SIZE; at += STEP_PX) {
    places.push(at);
  }
  for (const parity of [0, 1]) {
    for (const [row, y] of places.entries()) {
      for (const x of places.filter((_, column) => (row + column) % 2 === parity)) {
        const patch = makePatch(x, y);
        if (patch.reduce((sum, share, pixel) => sum + share * bitmap[pixel], 0) >= LEAST_INK) {
          yield patch;
        }
      }
    }
  }
}

/** 1 in the middle, 0 from its reach on: an edge would be ink that the hand did not draw. */
function makePatch(middleX, middleY) {
  return Float32Array.from({ length: IMAGE_SIZE * IMAGE_SIZE }, (_, pixel) => {
    const distance = Math.hypot((pixel % IMAGE_SIZE) - middleX, Math.floor(pixel / IMAGE_SIZE) - middleY);
    return distance < REACH_PX ? Math.min(1, 1 + Math.cos((Math.PI * distance) / REACH_PX)) : 0;
  });
}
