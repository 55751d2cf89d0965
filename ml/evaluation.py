"""Judge an exported network on labelled bitmaps."""

import math
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ml.contract import JSON, NOT_A_DIGIT, Ink, Scores
from ml.dataset import Dataset
from ml.inference import Classifier

_BATCH = 250
_Z_95 = 1.959964


def evaluate(classifier: Classifier, dataset: Dataset) -> JSON:
    """Accuracy with its 95 % interval, loss, calibration and confusion matrix, as plain data."""
    scores = score(classifier, dataset)
    targets = dataset.targets(classifier.classes)
    read = classifier.decide(scores)
    right = read == targets
    rows = np.arange(len(targets))
    chosen = np.clip(scores[rows, targets], 1e-7, 1.0)
    return {
        "samples": len(dataset),
        "errors": int((~right).sum()),
        "accuracy": float(right.mean()),
        "interval": list(wilson_interval(int(right.sum()), len(right))),
        "loss": float(-np.log(chosen).mean()),
        "expected_calibration_error": expected_calibration_error(scores[rows, read], right),
        "confusion": confusion_matrix(targets, read, len(classifier.classes)),
        "classes": list(classifier.classes),
    }


def score(classifier: Classifier, dataset: Dataset) -> Scores:
    """(n, classes) probabilities for every sample."""
    parts = [
        classifier.classify_batch(
            np.divide(dataset.images[start : start + _BATCH], 255, dtype=np.float32)
        )
        for start in range(0, len(dataset), _BATCH)
    ]
    return np.concatenate(parts)


def judge_refusals(classifier: Classifier, digits: Dataset, others: Dataset) -> JSON:
    """How many true digits are refused, and how many other drawings are read as digits."""
    refusal = classifier.classes.index(NOT_A_DIGIT)

    def refused(dataset: Dataset) -> float:
        if not len(dataset):
            return 0.0
        return float((classifier.decide(score(classifier, dataset)) == refusal).mean())

    return {
        "digits_refused": refused(digits),
        "others": len(others),
        "others_accepted": 1.0 - refused(others),
    }


def confusion_matrix(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> list[list[int]]:
    """Rows are true classes, columns what was read."""
    counts = np.bincount(targets * classes + predicted, minlength=classes * classes)
    return [[int(n) for n in row] for row in counts.reshape(classes, classes)]


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """95 % confidence interval of a share.

    Source: Wilson, "Probable inference, the law of succession, and statistical
    inference", 1927.
    """
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, _Z_95**2
    middle = share + z2 / (2 * total)
    half = _Z_95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return (middle - half) / (1 + z2 / total), (middle + half) / (1 + z2 / total)


def expected_calibration_error(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighed by their size.

    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural
    networks", 2017.
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[which == b].mean()) - float(right[which == b].mean()))
        * float((which == b).mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return sum(gaps)


def measure_latency(classifier: Classifier, repeats: int = 500) -> JSON:
    """Strokes to scores on one core, in milliseconds, with a 120-point drawing."""
    ink = _spiral()
    for _ in range(20):
        classifier.read(ink)
    taken = np.empty(repeats)
    for i in range(repeats):
        started = time.perf_counter()
        classifier.read(ink)
        taken[i] = (time.perf_counter() - started) * 1000
    p50, p99 = np.percentile(taken, [50, 99])
    return {"median_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def _spiral() -> Ink:
    turn = np.linspace(0, 3 * np.pi, 120)
    x, y = 140 + 9 * turn * np.cos(turn), 140 + 9 * turn * np.sin(turn)
    return Ink((np.column_stack([x, y, turn * 100]),), 280, 280)


def draw_confusion(confusion: list[list[int]], classes: list[str], path: Path) -> None:
    """A confusion matrix as a picture: diagonal green, mistakes redder the more there are."""
    cell, margin = 44, 56
    counts = np.array(confusion)
    worst = max(1, int((counts - np.diag(np.diag(counts))).max()))
    side = margin + cell * len(classes) + 12
    image = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(15)

    def text(x: float, y: float, words: str, fill: str = "black") -> None:
        draw.text((x, y), words, fill, font, anchor="mm")

    text(margin + cell * len(classes) / 2, 14, "read as")
    text(20, 14, "true")
    for i, name in enumerate(classes):
        middle = margin + cell * i + cell / 2
        text(middle, 40, name)
        text(34, middle, name)
        for j in range(len(classes)):
            left, top = margin + cell * j, margin + cell * i
            count = int(counts[i, j])
            fade = 255 - round(200 * min(1.0, count / worst)) if i != j else 0
            colour = (190, 230, 195) if i == j else (255, fade, fade)
            draw.rectangle((left, top, left + cell - 2, top + cell - 2), fill=colour)
            if count:
                text(left + cell / 2 - 1, top + cell / 2, str(count))
    image.save(path, optimize=True)
