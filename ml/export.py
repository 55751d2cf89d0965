"""A trained network as a LiteRT file."""

import contextlib
import io
from pathlib import Path

import keras
import tensorflow as tf

from ml.contract import IMAGE_SIZE


def export(network: keras.Model, path: Path) -> None:
    """Write `network` as float32 LiteRT, whole or not at all.

    The file takes (n, 28, 28, 1) float32 and gives (n, classes); it opens with
    n = 1 and can be resized.
    """
    # A fixed batch lets the converter fold the shapes; `resize_tensor_input` still works.
    image = keras.Input(batch_shape=(1, IMAGE_SIZE, IMAGE_SIZE, 1), name="image")
    fixed = keras.Model(image, network(image, training=False))
    # The converter prints a screenful about the graph, and nothing about what it wrote.
    with contextlib.redirect_stdout(io.StringIO()):
        content = tf.lite.TFLiteConverter.from_keras_model(fixed).convert()
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)
