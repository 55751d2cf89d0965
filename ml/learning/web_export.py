"""A trained network as a file that the page runs in plain JavaScript.

`static/recognizer/js/recogniser/network.js` reads it. The file is

    4 bytes      "HWN1"
    4 bytes      n, the length of the header, little-endian
    n bytes      the header: JSON, padded with spaces so that the weights begin at a multiple of 4
    the rest     the weights, float32, little-endian

The header holds `classes`, `reject_above`, `image` (its shape) and `operations`, in the order
they are computed in. Value 0 is the image, value k what operation k - 1 gives. An operation:

    kind         convolution | dense | max_pool | mean | add | softmax
    inputs       the values it takes
    padding      "same" | "valid", as Keras means them; of a convolution or max_pool
    size         of a max_pool's window, which is also its stride
    shape, at    of a convolution's (rows, columns, in, out) or dense (in, out) kernel, and where
                 it begins in the weights, counted in numbers; as many biases as outputs follow it
    relu         whether what is below zero becomes zero; of all but max_pool, mean and softmax

Batch normalisation is folded into the convolution before it; dropout is left out.
"""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from ml import pretrained
from ml.contract import JSON

MAGIC = b"HWN1"
_ALIGNMENT = 4


def export(network: keras.Model, classes: tuple[str, ...], reject_above: float, path: Path) -> None:
    """Write `network` for the browser, whole or not at all.

    Args:
        network: float32, as it is served.
        reject_above: see `ml.reading.inference.Classifier`.

    Raises:
        ValueError: it holds a layer that the page cannot run.
    """
    content = encode(network, classes, reject_above)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def export_trained(weights: Path, path: Path) -> None:
    """Write stored weights for the browser, as the `result.json` beside them describes them.

    Raises:
        OSError: there is no record beside them.
    """
    from ml.learning.training import load_network

    result = pretrained.result(weights.parent)
    classes = tuple(result["plan"]["classes"])
    network = load_network(result["plan"]["architecture"], classes, weights)
    export(network, classes, result["calibration"]["reject_above"], path)


def encode(network: keras.Model, classes: tuple[str, ...], reject_above: float) -> bytes:
    """The bytes that `export` writes."""
    graph = _Graph(network)
    header: JSON = {
        "classes": list(classes),
        "reject_above": reject_above,
        "image": list(network.input_shape[1:]),
        "operations": [],
    }
    weights: list[NDArray[np.float32]] = []
    at = 0
    for operation, arrays in zip(graph.operations, graph.weights, strict=True):
        described = dict(operation)
        if arrays:
            kernel, bias = arrays
            described |= {"shape": list(kernel.shape), "at": at}
            weights += [kernel.astype("<f4").ravel(), bias.astype("<f4")]
            at += kernel.size + bias.size
        header["operations"].append(described)
    return _head(header) + np.concatenate(weights).tobytes()


def _head(header: JSON) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % _ALIGNMENT)
    return MAGIC + len(text).to_bytes(4, "little") + text


class _Graph:
    """A network's layers as operations, gathered one layer after the other."""

    def __init__(self, network: keras.Model) -> None:
        self.operations: list[JSON] = []
        self.weights: list[list[NDArray[np.float64]]] = []
        self._values: dict[int, int] = {}
        self._uses: dict[int, int] = {}
        for layer in network.layers:
            for tensor in _inputs(layer):
                self._uses[id(tensor)] = self._uses.get(id(tensor), 0) + 1
        for layer in network.layers:
            self._values[id(layer.output)] = self._take(layer)

    def _take(self, layer: Any) -> int:
        """Note what a layer does; the number of the value that it gives."""
        match layer:
            case layers.InputLayer():
                return 0
            case layers.Dropout():
                return self._only_input(layer)
            case layers.BatchNormalization():
                return self._fold(layer)
            case layers.ReLU():
                return self._cut(self._before(layer))
            case layers.Conv2D():
                _require(layer.strides == (1, 1) == layer.dilation_rate, layer)
                value = self._add(layer, "convolution", *_kernel(layer), padding=layer.padding)
                return self._activate(layer, value)
            case layers.Dense():
                return self._activate(layer, self._add(layer, "dense", *_kernel(layer)))
            case layers.MaxPooling2D():
                rows, columns = layer.pool_size
                _require(rows == columns and layer.strides == layer.pool_size, layer)
                return self._add(layer, "max_pool", padding=layer.padding, size=rows)
            case layers.GlobalAveragePooling2D():
                return self._add(layer, "mean")
            case layers.Add():
                return self._add(layer, "add")
            case layers.Softmax():
                return self._add(layer, "softmax")
        raise ValueError(f"The page cannot run a layer of type {type(layer).__name__}.")

    def _add(self, layer: Any, kind: str, *weights: NDArray[np.float64], **options: Any) -> int:
        inputs = [self._values[id(tensor)] for tensor in _inputs(layer)]
        self.operations.append({"kind": kind, "inputs": inputs, **options})
        self.weights.append(list(weights))
        return len(self.operations)

    def _activate(self, layer: Any, value: int) -> int:
        match layer.activation.__name__:
            case "linear":
                return value
            case "relu":
                return self._cut(value)
            case "softmax":
                self.operations.append({"kind": "softmax", "inputs": [value]})
                self.weights.append([])
                return len(self.operations)
        raise ValueError(f"The page cannot run the activation {layer.activation.__name__}.")

    def _cut(self, value: int) -> int:
        operation = self.operations[value - 1]
        if operation["kind"] not in {"convolution", "dense", "add"}:
            raise ValueError(f"The page cannot run a ReLU after {operation['kind']}.")
        operation["relu"] = True
        return value

    def _fold(self, layer: Any) -> int:
        value = self._before(layer)
        if self.operations[value - 1]["kind"] != "convolution":
            raise ValueError("The page normalises only what a convolution gives.")
        _require("relu" not in self.operations[value - 1], layer)
        kernel, bias = self.weights[value - 1]
        gamma, beta, mean, variance = (
            np.asarray(array, np.float64) for array in layer.get_weights()
        )
        scale = gamma / np.sqrt(variance + layer.epsilon)
        self.weights[value - 1] = [kernel * scale, (bias - mean) * scale + beta]
        return value

    def _before(self, layer: Any) -> int:
        """The value that a layer changes in place: an operation's, and nothing else may read it."""
        value = self._only_input(layer)
        _require(value > 0 and self._uses[id(layer.input)] == 1, layer)
        return value

    def _only_input(self, layer: Any) -> int:
        return self._values[id(layer.input)]


def _inputs(layer: Any) -> list[Any]:
    if isinstance(layer, layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _kernel(layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    kernel = np.asarray(layer.kernel, np.float64)
    bias = np.asarray(layer.bias, np.float64) if layer.use_bias else np.zeros(kernel.shape[-1])
    return kernel, bias


def _require(can_run: bool, layer: Any) -> None:
    if not can_run:
        raise ValueError(f"The page cannot run {layer.name}, a {type(layer).__name__}, as it is.")
