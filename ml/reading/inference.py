"""Read bitmaps with an exported network. LiteRT and NumPy only."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from ml import pretrained
from ml.contract import IMAGE_SIZE, NOT_A_DIGIT, Bitmap, Drawn, Labels, Scores
from ml.drawing.preprocessing import preprocess

MOST_AT_ONCE = 32
"""Bitmaps in one inference: more take no less time each, but 0.2 MB each, for good."""


class ArtifactError(ValueError):
    """A model file cannot be loaded, or does not fit its classes."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for one drawing: the bitmap the network saw, and a score for each class."""

    bitmap: Bitmap
    scores: Scores


class _Network:
    """One interpreter, which holds one set of tensors: it reads for one thread at a time."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        output = self._interpreter.get_output_details()[0]
        self._output, self.outputs = output["index"], int(output["shape"][-1])
        self._batch = 1
        self._lock = threading.Lock()

    def scores(self, images: NDArray[np.float32]) -> Scores:
        """(n, outputs) for (n, 28, 28, 1)."""
        with self._lock:
            if len(images) != self._batch:
                self._interpreter.resize_tensor_input(self._input, images.shape)
                self._interpreter.allocate_tensors()
                self._batch = len(images)
            self._interpreter.set_tensor(self._input, images)
            self._interpreter.invoke()
            return np.array(self._interpreter.get_tensor(self._output), np.float32)


class Classifier:
    """An exported network, ready to read. Safe to share between threads.

    A drawing whose score for NOT_A_DIGIT, where that is a class, is over
    `reject_above` is refused, whatever its best digit.
    """

    def __init__(self, content: bytes, classes: tuple[str, ...], reject_above: float) -> None:
        self.classes, self.reject_above = classes, reject_above
        self._content, self._one = content, _Network(content)
        self._many: _Network | None = None
        self._making = threading.Lock()

    @classmethod
    def load(
        cls, source: Path | bytes, classes: tuple[str, ...], reject_above: float = 0.5
    ) -> "Classifier":
        """Open a LiteRT file, or its bytes, single-threaded.

        Raises:
            ArtifactError: not a LiteRT file, or not one for these classes.
        """
        try:
            content = source if isinstance(source, bytes) else source.read_bytes()
            classifier = cls(content, classes, reject_above)
        except (ValueError, RuntimeError, OSError) as error:
            raise ArtifactError(f"The model cannot be loaded: {error}") from error
        outputs = classifier._one.outputs
        if outputs != len(classes):
            raise ArtifactError(f"The model reads {outputs} classes, not {len(classes)}.")
        return classifier

    def warm_up(self) -> None:
        """Classify a blank bitmap, so that the first real one does not wait for set-up."""
        self.classify(np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32))

    def classify(self, bitmap: Bitmap) -> Scores:
        """(classes,) probabilities for one (28, 28) bitmap."""
        scores: Scores = self.classify_batch(bitmap[None])[0]
        return scores

    def classify_batch(self, bitmaps: Bitmap) -> Scores:
        """(n, classes) probabilities for (n, 28, 28) bitmaps, n at least 1."""
        images = np.ascontiguousarray(bitmaps, np.float32)[..., None]  # (n, 28, 28, 1)
        if len(images) == 1:
            return self._one.scores(images)
        # An interpreter of their own: a prediction neither waits for a batch nor sets sizes back.
        with self._making:
            self._many = many = self._many or _Network(self._content)
        parts = range(0, len(images), MOST_AT_ONCE)
        return np.concatenate([many.scores(images[at : at + MOST_AT_ONCE]) for at in parts])

    def decide(self, scores: Scores) -> NDArray[np.int64]:
        """(n,) the class read in each of (n, classes) scores; NOT_A_DIGIT where refused."""
        if NOT_A_DIGIT not in self.classes:
            return np.asarray(scores.argmax(axis=-1))
        refusal = self.classes.index(NOT_A_DIGIT)
        digits = np.delete(scores, refusal, axis=-1).argmax(axis=-1)
        best = digits + (digits >= refusal)
        return np.where(scores[..., refusal] > self.reject_above, refusal, best)

    def answer(self, images: NDArray[np.uint8]) -> tuple[Labels, Scores]:
        """What is read in each of (n, 28, 28) stored images, ink 255 on paper 0; n at least 1.

        Returns:
            (n,) classes, and (n,) scores of the likeliest digit, also where it is refused.
        """
        scores = self.classify_batch(np.divide(images, 255, dtype=np.float32))
        digits = [name != NOT_A_DIGIT for name in self.classes]
        return np.array(self.classes, "U16")[self.decide(scores)], scores[:, digits].max(axis=-1)

    def predict(self, drawn: Drawn) -> Prediction:
        """Preprocess and classify one drawing.

        Raises:
            InkError: no ink, or too little; see `ml.drawing.preprocessing.preprocess`.
        """
        bitmap = preprocess(drawn)
        return Prediction(bitmap, self.classify(bitmap))


def load_trained(artifact: Path) -> Classifier:
    """An exported network, with the classes and threshold that the `result.json` beside it records.

    Raises:
        ArtifactError: the network cannot be loaded.
        OSError: there is no record beside it.
    """
    result = pretrained.result(artifact.parent)
    return Classifier.load(
        artifact, tuple(result["plan"]["classes"]), result["calibration"]["reject_above"]
    )
