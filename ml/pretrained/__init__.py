"""The model that ships with the project, and what retraining it needs."""

import json
from pathlib import Path

from ml.contract import JSON

FOLDER = Path(__file__).parent

ARTIFACT = FOLDER / "model.tflite"
WEIGHTS = FOLDER / "model.weights.h5"
RESULT = FOLDER / "result.json"
CONFUSION = FOLDER / "confusion.png"
REPLAY = FOLDER / "replay.npz"
MNIST_TEST = FOLDER / "mnist_test.npz"


def result() -> JSON:
    """How the shipped model was trained and what it reached; see `ml.commands.train`."""
    recorded: JSON = json.loads(RESULT.read_text())
    return recorded
