// node evaluate.mjs NETWORK BITMAPS: scores of float32 bitmaps, 784 numbers each, as JSON.
import { readFileSync } from "node:fs";

import { Network } from "../network.js";

const [networkPath, bitmapsPath] = process.argv.slice(2);
const network = new Network(toArrayBuffer(readFileSync(networkPath)));
const bitmaps = new Float32Array(toArrayBuffer(readFileSync(bitmapsPath)));
const scores = [];
for (let at = 0; at < bitmaps.length; at += 784) {
  scores.push(Array.from(network.classify(bitmaps.subarray(at, at + 784))));
}
process.stdout.write(JSON.stringify(scores));

function toArrayBuffer({ buffer, byteOffset, byteLength }) {
  return buffer.slice(byteOffset, byteOffset + byteLength);
}
