/**
 * Reads drawings beside the page, so that drawing never waits. Takes {id, task, …} and answers
 * {id, result} or {id, error}:
 *
 *   load      url, version, messages -> null; reads with that network from then on
 *   read      drawn -> the API's answer
 *   classify  bitmap -> a score for each class
 */
import { Network } from "./network.js";
import { IMAGE_SIZE } from "./preprocess.js";
import { Reader } from "./reader.js";

const WARM_UP_RUNS = 12;

let reader = null;

const TASKS = {
  async load({ url, version, messages }) {
    const response = await fetch(url);
    if (!response.ok) {
      throw new Error(`The network of version ${version} is not there (${response.status}).`);
    }
    const network = new Network(await response.arrayBuffer());
    // The first runs are slow, until the browser has compiled the loops.
    for (let run = 0; run < WARM_UP_RUNS; run += 1) {
      network.classify(new Float32Array(IMAGE_SIZE * IMAGE_SIZE));
    }
    reader = new Reader(network, version, messages);
    return null;
  },
  read: ({ drawn }) => reader.read(drawn),
  classify: ({ bitmap }) => reader.classify(bitmap),
};

addEventListener("message", async ({ data: { id, task, ...rest } }) => {
  try {
    postMessage({ id, result: await TASKS[task](rest) });
  } catch (error) {
    postMessage({ id, error: String(error?.message ?? error) });
  }
});
