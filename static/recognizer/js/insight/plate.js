/** The picture that the model saw, and the same with the ink coloured by how much it mattered. */
import { IMAGE_SIZE } from "../recogniser/preprocess.js";

// Told apart without red and green, and in grey by their lightness too.
// Source: Wong, "Points of view: color blindness", Nature Methods 8, 2011.
const NEUTRAL = [112, 112, 112];
const FOR = [255, 190, 40];
const AGAINST = [86, 180, 233];

/** From this much on, in log odds, the colour is full. What hardly matters stays grey. */
const LEAST_FULL = 2;

/** The pixels of a 28x28 picture of white ink on black: 784 numbers from 0 to 1. */
export async function bitmapOf(dataUrl) {
  const image = new Image();
  image.src = dataUrl;
  await image.decode();
  const context = contextOf(document.createElement("canvas"));
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, IMAGE_SIZE, IMAGE_SIZE);
  return Float32Array.from({ length: IMAGE_SIZE * IMAGE_SIZE }, (_, pixel) => data[pixel * 4] / 255);
}

export function paint(canvas, bitmap, relevance) {
  const context = contextOf(canvas);
  const picture = context.createImageData(IMAGE_SIZE, IMAGE_SIZE);
  picture.data.set(colours(bitmap, relevance));
  context.putImageData(picture, 0, 0);
}

/** Red, green, blue and alpha of each pixel, from 0 to 255. */
export function colours(bitmap, relevance) {
  const full = relevance.reduce((most, value) => Math.max(most, Math.abs(value)), LEAST_FULL);
  return Array.from(bitmap).flatMap((ink, pixel) => {
    const share = relevance[pixel] / full;
    const colour = mix(NEUTRAL, share < 0 ? AGAINST : FOR, Math.abs(share));
    return [...colour.map((level) => Math.round(level * ink)), 255];
  });
}

function mix(from, to, share) {
  return from.map((level, index) => level + (to[index] - level) * share);
}

function contextOf(canvas) {
  canvas.width = IMAGE_SIZE;
  canvas.height = IMAGE_SIZE;
  return canvas.getContext("2d", { willReadFrequently: true });
}
