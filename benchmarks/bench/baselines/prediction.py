"""Predict as the product's source document does: shrink the canvas picture, `model.predict`."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ml import pretrained
from ml.contract import IMAGE_SIZE
from ml.learning.training import load_network

_result = pretrained.result()
CLASSES = tuple(_result["plan"]["classes"])
network = load_network(_result["plan"]["architecture"], CLASSES, pretrained.WEIGHTS)


def scores_of(picture: Image.Image) -> NDArray[np.float32]:
    """Return (classes,) scores of a picture with dark ink on light paper."""
    small = ImageOps.invert(picture.convert("L")).resize((IMAGE_SIZE, IMAGE_SIZE))
    batch = np.asarray(small, np.float32).reshape(1, IMAGE_SIZE, IMAGE_SIZE, 1) / 255
    scores: NDArray[np.float32] = network.predict(batch, verbose=0)[0]
    return scores


scores_of(Image.new("L", (IMAGE_SIZE, IMAGE_SIZE), 255))  # one-time setup, before requests
