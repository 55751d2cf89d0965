"""A trained network as a LiteRT file."""

import contextlib
import io
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ml.contract import IMAGE_SIZE, JSON
from ml.data.dataset import Dataset
from ml.evaluation import metrics
from ml.reading.inference import Classifier

PRECISIONS = ("float32", "float16", "int8")

_REPRESENTATIVE = 500


def export(
    network: keras.Model,
    path: Path,
    precision: str = "float32",
    representative: Dataset | None = None,
) -> None:
    """Write `network` as LiteRT, whole or not at all.

    The file takes (n, 28, 28, 1) float32 and gives (n, classes) float32 at
    every precision; it opens with n = 1 and can be resized.

    Args:
        precision: of the weights, and with "int8" of the sums too.
        representative: for "int8", bitmaps to learn the ranges of the sums from.
    """
    # A fixed batch lets the converter fold the shapes; `resize_tensor_input` still works.
    image = keras.Input(batch_shape=(1, IMAGE_SIZE, IMAGE_SIZE, 1), name="image")
    fixed = keras.Model(image, network(image, training=False))
    # The converter prints a screenful about the graph, and nothing about what it wrote.
    with contextlib.redirect_stdout(io.StringIO()):
        content = _converter(fixed, precision, representative).convert()
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def _converter(
    network: keras.Model, precision: str, representative: Dataset | None
) -> tf.lite.TFLiteConverter:
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        if representative is None:
            raise ValueError("int8 needs bitmaps to learn its ranges from.")
        some = np.random.default_rng(1).permutation(len(representative))[:_REPRESENTATIVE]
        images = representative.images[some].astype(np.float32)[..., None] / 255
        converter.representative_dataset = lambda: ([image[None]] for image in images)
    return converter


def compare_precisions(
    network: keras.Model,
    classes: tuple[str, ...],
    reject_above: float,
    train_set: Dataset,
    validation_set: Dataset,
) -> list[JSON]:
    """Size, speed and accuracy on validation digits of the file at each precision."""
    compared = []
    with tempfile.TemporaryDirectory() as folder:
        for precision in PRECISIONS:
            path = Path(folder) / f"{precision}.tflite"
            export(network, path, precision, train_set)
            classifier = Classifier.load(path, classes, reject_above)
            figures = metrics.evaluate(classifier, validation_set)
            compared.append(
                {
                    "precision": precision,
                    "bytes": path.stat().st_size,
                    "samples": figures["samples"],
                    "accuracy": figures["accuracy"],
                    "loss": figures["loss"],
                    "median_ms": metrics.measure_latency(classifier)["median_ms"],
                    "load_ms": metrics.measure_loading(path, classes),
                }
            )
    return compared
