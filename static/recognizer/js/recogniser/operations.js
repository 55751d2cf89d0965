/**
 * What a network is made of, on flat arrays with the channels last. Each is a class, made once for
 * the sizes it works on, with run(target, ...sources).
 */
import { Convolution3x3 } from "./winograd.js";

/** The output's side, and how many rows of zeros "same" padding puts before the first. */
function slide(side, window, stride, padding) {
  if (padding === "valid") {
    return { side: Math.floor((side - window) / stride) + 1, before: 0 };
  }
  const slid = Math.ceil(side / stride);
  const missing = Math.max(0, (slid - 1) * stride + window - side);
  return { side: slid, before: Math.floor(missing / 2) };
}

/** Any convolution with stride 1, by plain loops. */
class Convolution {
  constructor([rows, columns, inputs], { shape, padding, relu }, kernel, bias) {
    const [height, width, , outputs] = shape;
    const down = slide(rows, height, 1, padding);
    const across = slide(columns, width, 1, padding);
    this.shape = [down.side, across.side, outputs];
    const isSame3x3 = padding === "same" && height === 3 && width === 3;
    if (isSame3x3 && inputs >= 8 && outputs % 4 === 0) {
      const size = { rows, columns, inputs, outputs };
      const winograd = new Convolution3x3(size, kernel, bias, relu);
      this.run = (target, source) => winograd.run(source, target);
      return;
    }
    const sums = new Float64Array(outputs);
    this.run = (target, source) => {
      for (let y = 0; y < down.side; y += 1) {
        for (let x = 0; x < across.side; x += 1) {
          sums.set(bias);
          for (let i = 0; i < height; i += 1) {
            const row = y + i - down.before;
            for (let j = 0; j < width && row >= 0 && row < rows; j += 1) {
              const column = x + j - across.before;
              if (column >= 0 && column < columns) {
                const from = (row * columns + column) * inputs;
                addProducts(sums, source, from, inputs, kernel, (i * width + j) * inputs * outputs);
              }
            }
          }
          keep(target, (y * across.side + x) * outputs, sums, relu);
        }
      }
    };
  }
}

class Dense {
  constructor([inputs], { shape, relu }, kernel, bias) {
    this.shape = [shape[1]];
    const sums = new Float64Array(shape[1]);
    this.run = (target, source) => {
      sums.set(bias);
      addProducts(sums, source, 0, inputs, kernel, 0);
      keep(target, 0, sums, relu);
    };
  }
}

/** Adds `inputs` numbers of `source`, each times its row of the kernel. */
function addProducts(sums, source, from, inputs, kernel, at) {
  const outputs = sums.length;
  for (let c = 0; c < inputs; c += 1, at += outputs) {
    const factor = source[from + c];
    // Paper, and what a ReLU cut, is most of what there is.
    if (factor !== 0) {
      for (let o = 0; o < outputs; o += 1) {
        sums[o] += factor * kernel[at + o];
      }
    }
  }
}

function keep(target, at, sums, relu) {
  for (let o = 0; o < sums.length; o += 1) {
    target[at + o] = relu && sums[o] < 0 ? 0 : sums[o];
  }
}

class MaxPool {
  constructor([rows, columns, channels], { size, padding }) {
    const down = slide(rows, size, size, padding);
    const across = slide(columns, size, size, padding);
    this.shape = [down.side, across.side, channels];
    this.run = (target, source) => {
      target.fill(-Infinity);
      for (let y = 0; y < down.side * size; y += 1) {
        const row = y - down.before;
        for (let x = 0; x < across.side * size && row >= 0 && row < rows; x += 1) {
          const column = x - across.before;
          if (column >= 0 && column < columns) {
            const from = (row * columns + column) * channels;
            const to = (Math.floor(y / size) * across.side + Math.floor(x / size)) * channels;
            for (let c = 0; c < channels; c += 1) {
              if (source[from + c] > target[to + c]) {
                target[to + c] = source[from + c];
              }
            }
          }
        }
      }
    };
  }
}

class Mean {
  constructor([rows, columns, channels]) {
    this.shape = [channels];
    const sums = new Float64Array(channels);
    this.run = (target, source) => {
      sums.fill(0);
      for (let at = 0; at < source.length; at += channels) {
        for (let c = 0; c < channels; c += 1) {
          sums[c] += source[at + c];
        }
      }
      for (let c = 0; c < channels; c += 1) {
        target[c] = sums[c] / (rows * columns);
      }
    };
  }
}

class Add {
  constructor(shape, { relu }) {
    this.shape = shape;
    this.run = (target, left, right) => {
      for (let i = 0; i < target.length; i += 1) {
        const sum = left[i] + right[i];
        target[i] = relu && sum < 0 ? 0 : sum;
      }
    };
  }
}

class Softmax {
  constructor(shape) {
    this.shape = shape;
    this.run = (target, source) => {
      const highest = source.reduce((a, b) => Math.max(a, b));
      const powers = Float64Array.from(source, (value) => Math.exp(value - highest));
      const total = powers.reduce((a, b) => a + b);
      target.set(powers.map((power) => power / total));
    };
  }
}

export const KINDS = {
  convolution: Convolution,
  dense: Dense,
  max_pool: MaxPool,
  mean: Mean,
  add: Add,
  softmax: Softmax,
};
