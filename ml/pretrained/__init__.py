"""The model that ships with the project, and the images that a retraining mixes in."""

import json
from pathlib import Path

from ml.contract import JSON

FOLDER = Path(__file__).parent

ARTIFACT = FOLDER / "model.tflite"
WEIGHTS = FOLDER / "model.weights.h5"
WEB = FOLDER / "model.web.bin"
"""The same network for the page's JavaScript; see `ml.learning.web_export`."""
RESULT = FOLDER / "result.json"
CONFUSION = FOLDER / "confusion.png"
REPLAY = FOLDER / "replay.npz"
MNIST_TEST = FOLDER / "mnist_test.npz"


def result(folder: Path = FOLDER) -> JSON:
    """How a network was trained and what it reached, as `ml.commands.train` left it in a folder.

    Raises:
        OSError: there is no record.
    """
    recorded: JSON = json.loads((folder / RESULT.name).read_text())
    return recorded
