"""Golden data for the page's JavaScript: drawings with bitmaps, and networks with scores.

    python -m devtools.web_golden

writes the file. `test_web_export.py` checks that it matches what Python computes.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devtools import golden
from ml.contract import DIGITS, NOT_A_DIGIT, Bitmap
from ml.drawing.preprocessing import preprocess
from ml.drawing.strokes import parse_strokes

JAVASCRIPT = Path(__file__).parents[1] / "static/recognizer/js/recogniser"
FILE = JAVASCRIPT / "tests/golden.json"

CLASSES = (*DIGITS, NOT_A_DIGIT)

ODD: dict[str, dict[str, Any]] = {
    "a dot": {"strokes": [[[140, 141]]], "width": 280, "height": 280},
    "a dot twice": {"strokes": [[[10, 20], [10, 20]]], "width": 280, "height": 280},
    "a slip": {"strokes": [[[140, 140, 0], [142, 141, 10]]], "width": 280, "height": 280},
    "a level line": {"strokes": [[[0, 140], [280, 140]]], "width": 280, "height": 280},
    "an upright line": {"strokes": [[[30, 30], [30, 60], [30, 60], [30, 90]]],
                        "width": 280, "height": 280},
    "an empty stroke": {"strokes": [[], [[50, 60], [70, 200]]], "width": 280, "height": 280},
    "an i": {"strokes": [[[140, 100], [139.5, 220]], [[140, 60]]], "width": 280, "height": 280},
    "finer than is kept": {
        "strokes": [[[10.125, 20.375], [99.994999, 33.335], [60.005, 71.115]]],
        "width": 640, "height": 360,
    },
    "more discs than any hand": {
        "strokes": [[[x % 2 * 200 + 7, 3 + x * 0.71] for x in range(330)]],
        "width": 280, "height": 280,
    },
}  # fmt: skip


def drawings() -> dict[str, dict[str, Any]]:
    """Return request bodies by name."""
    names = [*golden.STROKES, *golden.NO_DIGITS]
    moved = {f"{name}, small": golden.body(name, 0.37, 101.3, 77.7) for name in golden.STROKES}
    return {name: golden.body(name) for name in names} | moved | ODD


def bitmap_of(body: dict[str, Any]) -> Bitmap:
    return preprocess(parse_strokes(body["strokes"], body["width"], body["height"]))


def networks() -> dict[str, Any]:
    """Return small Keras networks with random weights that cover all operations of ours."""
    import keras
    from keras import layers

    def convolve(x: Any, filters: int) -> Any:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    def residual(x: Any) -> Any:
        y = layers.Conv2D(x.shape[-1], 3, padding="same", use_bias=False)(convolve(x, x.shape[-1]))
        return layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)]))

    image = keras.Input((28, 28, 1))
    x = layers.MaxPooling2D()(convolve(image, 4))
    x = layers.MaxPooling2D()(convolve(x, 8))
    x = layers.MaxPooling2D(padding="same")(residual(x))
    x = layers.Conv2D(len(CLASSES), 4)(layers.Dropout(0.2)(residual(x)))
    residual_cnn = keras.Model(image, layers.Softmax()(layers.GlobalAveragePooling2D()(x)))

    image = keras.Input((28, 28, 1))
    x = layers.MaxPooling2D()(convolve(convolve(image, 8), 8))
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D(3)(convolve(x, 4)))
    x = layers.Dense(9, activation="relu")(x)
    source_cnn = keras.Model(image, layers.Dense(len(CLASSES), activation="softmax")(x))
    return {
        "residual": with_random_weights(residual_cnn, 1),
        "source": with_random_weights(source_cnn, 2),
    }


def with_random_weights(network: Any, seed: int) -> Any:
    """Set random weights that give sharp scores and make batch normalisation matter."""
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if "gamma" in {weight.name for weight in layer.weights}:
            n = layer.gamma.shape
            low, high = np.full(n, 0.5), np.full(n, 1.5)
            layer.set_weights(
                [rng.uniform(low, high), rng.normal(0, 0.3, n), rng.normal(0, 0.3, n),
                 rng.uniform(low, high)]
            )  # fmt: skip
        else:
            layer.set_weights([_random(rng, weight.shape) for weight in layer.weights])
    return network


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.normal(0, 2 / np.sqrt(np.prod(shape[:-1])), shape)


def build() -> dict[str, Any]:
    """Return the whole content of the file."""
    from ml.learning.web_export import encode

    bodies = drawings()
    bitmaps = {name: bitmap_of(body) for name, body in bodies.items()}
    read = np.stack([bitmaps[digit] for digit in DIGITS])[..., None]
    return {
        "drawings": [
            {"name": name, "drawn": body, "bitmap": _text(np.round(bitmaps[name] * 255))}
            for name, body in bodies.items()
        ],
        "networks": [
            {
                "name": name,
                "file": base64.b64encode(encode(network, CLASSES, 0.25)).decode(),
                "scores": network.predict(read, verbose=0).tolist(),
            }
            for name, network in networks().items()
        ],
    }


def _text(pixels: Bitmap) -> str:
    return base64.b64encode(pixels.astype(np.uint8).tobytes()).decode()


if __name__ == "__main__":
    FILE.write_text(json.dumps(build(), separators=(",", ":")).replace("},{", "},\n{") + "\n")
