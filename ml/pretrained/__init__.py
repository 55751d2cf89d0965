"""The model that ships with the project, and what retraining it needs."""

from pathlib import Path

FOLDER = Path(__file__).parent

ARTIFACT = FOLDER / "model.tflite"
WEIGHTS = FOLDER / "model.weights.h5"
RESULT = FOLDER / "result.json"
CONFUSION = FOLDER / "confusion.png"
REPLAY = FOLDER / "replay.npz"
MNIST_TEST = FOLDER / "mnist_test.npz"
