import { KINDS } from "./operations.js";

const MAGIC = "HWN1";

/** A network in the format that ml/learning/web_export.py describes, ready to run. */
export class Network {
  #values;
  #steps;

  /** @param content the file, an ArrayBuffer. Throws a TypeError where it is none. */
  constructor(content) {
    const { header, weights } = readFile(content);
    this.classes = header.classes;
    this.rejectAbove = header.reject_above;
    this.#values = [new Float32Array(sizeOf(header.image))];
    const shapes = [header.image];
    this.#steps = header.operations.map((operation) => {
      const made = makeOperation(operation, shapes[operation.inputs[0]], weights);
      shapes.push(made.shape);
      this.#values.push(new Float32Array(sizeOf(made.shape)));
      return { run: made.run, inputs: operation.inputs };
    });
    const outputs = this.#values.at(-1).length;
    if (outputs !== this.classes.length) {
      throw new TypeError(`The network has ${outputs} outputs for ${this.classes.length} classes.`);
    }
  }

  /** @param bitmap 784 numbers from 0 (paper) to 1 (ink). Gives a score for each class, in order. */
  classify(bitmap) {
    const values = this.#values;
    values[0].set(bitmap);
    this.#steps.forEach(({ run, inputs }, index) => {
      run(values[index + 1], ...inputs.map((input) => values[input]));
    });
    return values.at(-1).slice();
  }
}

function readFile(content) {
  const magic = new TextDecoder().decode(new Uint8Array(content, 0, Math.min(4, content.byteLength)));
  if (magic !== MAGIC) {
    throw new TypeError("This is no network in the format of this page.");
  }
  const length = new DataView(content).getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 8, length)));
  return { header, weights: new Float32Array(content, 8 + length) };
}

function makeOperation(operation, shape, weights) {
  const Kind = KINDS[operation.kind];
  if (!Kind) {
    throw new TypeError(`This page knows no operation "${operation.kind}".`);
  }
  if (!operation.shape) {
    return new Kind(shape, operation);
  }
  const biasAt = operation.at + sizeOf(operation.shape);
  const kernel = weights.subarray(operation.at, biasAt);
  const bias = weights.subarray(biasAt, biasAt + operation.shape.at(-1));
  return new Kind(shape, operation, kernel, bias);
}

function sizeOf(shape) {
  return shape.reduce((a, b) => a * b, 1);
}
