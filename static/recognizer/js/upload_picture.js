import { gettext } from "./i18n.js";

/** Longer side of what is sent: the server looks at less. */
const MOST_PX = 1600;
const MOST_PNG_BYTES = 1_000_000;
const MOST_FILE_BYTES = 60_000_000;
const JPEG_QUALITY = 0.9;

/** Why a file is not read; `message` is written for the person. */
export class PictureError extends Error {}

const noPicture = () => gettext("That is not a picture. Choose a photo or another picture of a digit.");
const unreadable = () => gettext("This browser cannot open that picture. Try a PNG or a JPEG.");
const tooLarge = () => gettext("That file is too large: at most 60 MB can be read.");

/** The one file to read of a drop, a paste or a choice; null where there are no files. */
export function fileIn(files) {
  const all = Array.from(files ?? []);
  return all.find(isPicture) ?? all[0] ?? null;
}

function isPicture({ type }) {
  return type.startsWith("image/");
}

/** Throws a PictureError for a file that is not worth opening. */
export function check(file) {
  // Some systems do not say what a file is; the browser finds out then.
  if (file.type !== "" && !isPicture(file)) {
    throw new PictureError(noPicture());
  }
  if (file.size > MOST_FILE_BYTES) {
    throw new PictureError(tooLarge());
  }
}

/** The size in whole pixels at which a picture is sent: its own, or shrunk. */
export function fittedSize({ width, height }, most = MOST_PX) {
  const scale = Math.min(1, most / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/**
 * A picture as the server reads it: upright, not too large, a PNG or a JPEG, as a data URL.
 *
 * It is always painted anew, so where and when a photo was taken is not sent.
 */
export async function toDataUrl(file) {
  check(file);
  const bitmap = await open(file);
  const canvas = document.createElement("canvas");
  const { width, height } = Object.assign(canvas, fittedSize(bitmap));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return readAsDataUrl(await encode(canvas, context, file.type === "image/jpeg"));
}

async function open(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new PictureError(file.type === "" ? noPicture() : unreadable());
  }
}

/** A PNG keeps what is see-through; photographs are smaller as a JPEG. */
async function encode(canvas, context, isPhoto) {
  const png = isPhoto ? null : await toBlob(canvas, "image/png");
  if (png && png.size <= MOST_PNG_BYTES) {
    return png;
  }
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  return toBlob(canvas, "image/jpeg", JPEG_QUALITY);
}

function toBlob(canvas, type, quality) {
  return new Promise((resolve, reject) => {
    const done = (blob) => (blob ? resolve(blob) : reject(new PictureError(unreadable())));
    canvas.toBlob(done, type, quality);
  });
}

function readAsDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new PictureError(unreadable()));
    reader.readAsDataURL(blob);
  });
}
