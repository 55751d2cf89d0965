"""Judge an exported network on labelled bitmaps."""

import math
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.contract import JSON, NOT_A_DIGIT, Ink, Labels, Scores
from ml.data.dataset import Dataset
from ml.reading.inference import Classifier

STRICT = 0.01
"""The most digits that may be refused where letters are counted as strictly as that allows."""

_BATCH = 250
_Z_95 = 1.959964


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network answered to a labelled set.

    scores   (n, classes) probabilities
    targets  (n,) index of the true class
    read     (n,) index of the class that was read, NOT_A_DIGIT where refused
    """

    dataset: Dataset
    classes: tuple[str, ...]
    scores: Scores
    targets: NDArray[np.int64]
    read: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the true class was read."""
        return np.asarray(self.read == self.targets)

    @property
    def confidence(self) -> Scores:
        """(n,) the score of the class that was read."""
        return np.asarray(self.scores[np.arange(len(self.read)), self.read])


def answer(classifier: Classifier, dataset: Dataset) -> Answers:
    """Read every sample of a set."""
    scores = score(classifier, dataset)
    targets = dataset.targets(classifier.classes)
    return Answers(dataset, classifier.classes, scores, targets, classifier.decide(scores))


def evaluate(classifier: Classifier, dataset: Dataset) -> JSON:
    """Accuracy with its 95 % interval, loss, calibration and confusion matrix, as plain data."""
    return summarise(answer(classifier, dataset))


def summarise(answers: Answers) -> JSON:
    """The same, of answers that are there already."""
    right, targets = answers.right, answers.targets
    chosen = np.clip(answers.scores[np.arange(len(targets)), targets], 1e-7, 1.0)
    return {
        "samples": len(right),
        "errors": int((~right).sum()),
        "accuracy": float(right.mean()),
        "interval": list(wilson_interval(int(right.sum()), len(right))),
        "loss": float(-np.log(chosen).mean()),
        "expected_calibration_error": expected_calibration_error(answers.confidence, right),
        "confusion": confusion_matrix(targets, answers.read, len(answers.classes)),
        "classes": list(answers.classes),
    }


def in_depth(answers: Answers) -> JSON:
    """What a report shows beyond `summarise`: per writer, reliability, risk and coverage."""
    return {
        "per_writer": per_writer(answers.dataset.writers, answers.right),
        "reliability": reliability(answers.confidence, answers.right),
        "risk_coverage": risk_coverage(answers.confidence, answers.right),
    }


def worst_mistakes(answers: Answers, most: int) -> NDArray[np.intp]:
    """Indices of the mistakes made with the highest confidence, worst first."""
    wrong = np.flatnonzero(~answers.right)
    return np.asarray(wrong[np.argsort(-answers.confidence[wrong], kind="stable")][:most])


def per_writer(writers: Labels, right: NDArray[np.bool_]) -> JSON | None:
    """Each known writer's accuracy, every writer counting once; None where none is known."""
    known = writers != ""
    if not known.any():
        return None
    names, which = np.unique(writers[known], return_inverse=True)
    count = np.bincount(which)
    accuracy = np.bincount(which, weights=right[known]) / count
    order = np.argsort(accuracy, kind="stable")
    return {
        "mean": float(accuracy.mean()),
        "accuracies": [round(float(value), 4) for value in accuracy[order]],
        "lowest": [
            {"writer": str(names[i]), "accuracy": float(accuracy[i]), "samples": int(count[i])}
            for i in order[:5]
        ],
    }


def risk_coverage(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], points: int = 100
) -> list[JSON]:
    """The share of wrong answers if only the most confident ones were given.

    Source: El-Yaniv and Wiener, "On the foundations of noise-free selective
    classification", 2010.
    """
    wrong = ~right[np.argsort(-confidence, kind="stable")]
    risk = np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
    at = np.unique(np.linspace(0, len(wrong) - 1, points).astype(int))
    return [{"coverage": float((i + 1) / len(wrong)), "risk": float(risk[i])} for i in at.tolist()]


def score(classifier: Classifier, dataset: Dataset) -> Scores:
    """(n, classes) probabilities for every sample."""
    parts = [
        classifier.classify_batch(
            np.divide(dataset.images[start : start + _BATCH], 255, dtype=np.float32)
        )
        for start in range(0, len(dataset), _BATCH)
    ]
    return np.concatenate(parts)


def evaluate_refusals(digits: Answers, others: Answers) -> JSON:
    """How many true digits are refused, and how many other drawings are read as digits.

    Both at the threshold that ships, and the latter also where at most STRICT of these digits are
    refused: how well the two are told apart, wherever a threshold is set.
    """
    refusal = digits.classes.index(NOT_A_DIGIT)
    strict = np.quantile(digits.scores[:, refusal], 1 - STRICT, method="inverted_cdf")
    return {
        "digits_refused": float((digits.read == refusal).mean()),
        "others": len(others.read),
        "others_accepted": 1.0 - float((others.read == refusal).mean()),
        "others_accepted_where_strict": float((others.scores[:, refusal] <= strict).mean()),
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


def reliability(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15
) -> list[JSON]:
    """Confidence against accuracy in equal-width bins of confidence; empty bins are left out."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "from": b / bins,
            "to": (b + 1) / bins,
            "samples": int((which == b).sum()),
            "confidence": float(confidence[which == b].mean()),
            "accuracy": float(right[which == b].mean()),
        }
        for b in range(bins)
        if (which == b).any()
    ]


def expected_calibration_error(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighed by their size.

    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural
    networks", 2017.
    """
    parts = reliability(confidence, right, bins)
    gaps = (abs(part["confidence"] - part["accuracy"]) * part["samples"] for part in parts)
    return float(sum(gaps) / max(len(right), 1))


def measure_latency(classifier: Classifier, repeats: int = 500) -> JSON:
    """Strokes to scores on one core, in milliseconds, with a 120-point drawing."""
    ink = _spiral()
    for _ in range(20):
        classifier.predict(ink)
    taken = np.empty(repeats)
    for i in range(repeats):
        started = time.perf_counter()
        classifier.predict(ink)
        taken[i] = (time.perf_counter() - started) * 1000
    p50, p99 = np.percentile(taken, [50, 99])
    return {"median_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def measure_loading(artifact: Path, classes: tuple[str, ...], repeats: int = 9) -> float:
    """Milliseconds from a file to the first scores, at the median."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        Classifier.load(artifact, classes).warm_up()
        taken.append((time.perf_counter() - started) * 1000)
    return round(float(np.median(taken)), 2)


_RESIDENT = """
import sys
from pathlib import Path
from ml.reading.inference import Classifier
Classifier.load(Path(sys.argv[1]), tuple(sys.argv[2].split(","))).warm_up()
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
"""


def measure_memory(artifact: Path, classes: tuple[str, ...]) -> float | None:
    """MiB resident in a process of its own that has read once; None where Linux's /proc is not."""
    if not Path("/proc/self/status").exists():
        return None
    command = [sys.executable, "-c", _RESIDENT, str(artifact), ",".join(classes)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return round(int(printed.stdout) / 1024, 1)


def _spiral() -> Ink:
    turn = np.linspace(0, 3 * np.pi, 120)
    x, y = 140 + 9 * turn * np.cos(turn), 140 + 9 * turn * np.sin(turn)
    return Ink((np.column_stack([x, y, turn * 100]),), 280, 280)
