/** A greyscale PNG of 28x28 numbers from 0 to 1, as a data URL. */
import { IMAGE_SIZE } from "./preprocess.js";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const EIGHT_BIT_GREY = [8, 0, 0, 0, 0];

export function toPngUrl(bitmap) {
  const lines = [];
  for (let y = 0; y < IMAGE_SIZE; y += 1) {
    const line = bitmap.subarray(y * IMAGE_SIZE, (y + 1) * IMAGE_SIZE);
    lines.push(0, ...Array.from(line, (ink) => Math.round(ink * 255)));
  }
  const header = [...toBytes(IMAGE_SIZE), ...toBytes(IMAGE_SIZE), ...EIGHT_BIT_GREY];
  const bytes = [SIGNATURE, chunk("IHDR", header), chunk("IDAT", store(lines)), chunk("IEND", [])];
  return `data:image/png;base64,${btoa(String.fromCharCode(...bytes.flat()))}`;
}

function chunk(name, data) {
  const body = [...Array.from(name, (letter) => letter.charCodeAt(0)), ...data];
  return [...toBytes(data.length), ...body, ...toBytes(crc32(body))];
}

/** A zlib stream of one block that is not compressed: short enough as it is. */
function store(data) {
  const length = [data.length & 255, data.length >> 8];
  const inverse = length.map((byte) => byte ^ 255);
  return [0x78, 0x01, 1, ...length, ...inverse, ...data, ...toBytes(adler32(data))];
}

function toBytes(number) {
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
}

function adler32(data) {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

function crc32(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
