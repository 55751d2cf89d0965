"""The network that the page runs: in the page's own JavaScript, against Keras and LiteRT."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devtools import web_golden
from ml import pretrained
from ml.__main__ import main
from ml.contract import Bitmap, Scores
from ml.data.dataset import load_bitmaps
from ml.reading.inference import load_trained

EVALUATE = web_golden.JAVASCRIPT / "tests/evaluate.mjs"


def mnist(count: int) -> Bitmap:
    images = load_bitmaps(pretrained.MNIST_TEST).images[:count]
    return np.divide(images, 255, dtype=np.float32)


def scores_in_javascript(network: Path, bitmaps: Bitmap, folder: Path) -> Scores:
    bitmaps.astype("<f4").tofile(folder / "bitmaps")
    done = subprocess.run(
        ["node", str(EVALUATE), str(network), str(folder / "bitmaps")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return np.array(json.loads(done.stdout), np.float32)


def test_what_the_javascript_is_checked_against_is_what_python_gives() -> None:
    stored, built = json.loads(web_golden.FILE.read_text()), web_golden.build()
    assert stored["drawings"] == built["drawings"]
    for was, network in zip(stored["networks"], built["networks"], strict=True):
        assert was["file"] == network["file"]
        np.testing.assert_allclose(was["scores"], network["scores"], atol=1e-5)


def tell_apart(network: Any, bitmaps: Bitmap) -> None:
    """Change the last layer so that the bitmaps get scores of all sizes, none of them certain."""
    import keras

    last = network.get_layer("scores")
    seen = keras.Model(network.input, last.input).predict(bitmaps[..., None], verbose=0)
    kernel, _ = last.get_weights()
    logits = seen.reshape(len(seen), -1) @ kernel.reshape(-1, kernel.shape[-1])
    spread = logits.std(axis=0)
    last.set_weights([2 * kernel / spread, -2 * logits.mean(axis=0) / spread])


@pytest.mark.parametrize("architecture", ["source_cnn", "residual_cnn"])
def test_every_network_reads_in_javascript_as_in_keras(architecture: str, tmp_path: Path) -> None:
    from ml.learning.architectures import ARCHITECTURES
    from ml.learning.web_export import export

    network = ARCHITECTURES[architecture](len(web_golden.CLASSES))
    bitmaps = mnist(40)
    web_golden.with_random_weights(network, 3)
    tell_apart(network, bitmaps)
    path = tmp_path / "model.web.bin"
    export(network, web_golden.CLASSES, 0.5, path)
    assert path.stat().st_size <= 2_500_000
    expected = network.predict(bitmaps[..., None], verbose=0)
    assert 0.3 < expected.max(axis=1).mean() < 0.95
    scores = scores_in_javascript(path, bitmaps, tmp_path)
    np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_the_shipped_network_reads_in_javascript_as_the_server_does(tmp_path: Path) -> None:
    bitmaps = mnist(150)
    expected = load_trained(pretrained.ARTIFACT).classify_batch(bitmaps)
    scores = scores_in_javascript(pretrained.WEB, bitmaps, tmp_path)
    np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_the_command_writes_the_shipped_file_again(tmp_path: Path) -> None:
    path = tmp_path / "again.bin"
    assert main(["export", "--web", str(pretrained.WEIGHTS), str(path)]) == 0
    assert path.read_bytes() == pretrained.WEB.read_bytes()


def test_a_network_that_the_page_cannot_run_is_refused() -> None:
    import keras
    from keras import layers

    from ml.learning.web_export import encode

    image = keras.Input((28, 28, 1))
    for layer in (
        layers.Conv2D(4, 3, strides=2),
        layers.DepthwiseConv2D(3),
        layers.Conv2D(4, 3, activation="gelu"),
        layers.BatchNormalization(),
    ):
        with pytest.raises(ValueError, match="The page"):
            encode(keras.Model(image, layer(image)), ("1",), 0.5)
    # What is added before it was cut below zero may not be cut in place.
    x = layers.Conv2D(4, 3, padding="same")(image)
    forked = keras.Model(image, layers.Add()([x, layers.ReLU()(x)]))
    with pytest.raises(ValueError, match="The page"):
        encode(forked, ("1",), 0.5)
