import { toPngUrl } from "./png.js";
import { inkBox, preprocess } from "./preprocess.js";
import { NOT_A_DIGIT, refuseInk, refuseScores } from "./refusal.js";

/**
 * Reads drawings with one version of the model, as recognizer/drawings/recognition.py does.
 *
 * @param messages what to tell a person for each code of a refusal.
 */
export class Reader {
  #network;
  #version;
  #messages;

  constructor(network, version, messages) {
    this.#network = network;
    this.#version = version;
    this.#messages = messages;
  }

  /** A score for each class by its name, "not a digit" among them, of 784 numbers from 0 to 1. */
  classify(bitmap) {
    const scores = this.#network.classify(bitmap);
    return Object.fromEntries(this.#network.classes.map((name, index) => [name, scores[index]]));
  }

  /** The API's answer to `drawn`, the body that the API reads. */
  read(drawn) {
    const box = inkBox(drawn);
    if (box === null) {
      return this.#answer([], refuseInk(box, drawn));
    }
    const bitmap = preprocess(drawn);
    const scores = this.#network.classify(bitmap);
    const probabilities = this.#probabilities(scores);
    const label = bestOf(probabilities);
    const symbol = {
      label,
      confidence: probabilities[label],
      probabilities,
      box,
      input: toPngUrl(bitmap),
    };
    return this.#answer([symbol], refuseInk(box, drawn) ?? refuseScores(scores, this.#network));
  }

  #probabilities(scores) {
    const named = this.#network.classes.map((name, index) => [name, toSixPlaces(scores[index])]);
    return Object.fromEntries(named.filter(([name]) => name !== NOT_A_DIGIT));
  }

  #answer(symbols, code) {
    return {
      text: code ? "" : symbols[0].label,
      confidence: symbols[0]?.confidence ?? 0,
      rejected: code ? { code, message: this.#messages[code] ?? code } : null,
      symbols,
      model: { version: this.#version },
    };
  }
}

function bestOf(probabilities) {
  return Object.entries(probabilities).reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

function toSixPlaces(score) {
  return Math.min(1, Math.round(score * 1e6) / 1e6);
}
