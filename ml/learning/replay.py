"""What is kept of a model's training data, so that no retraining forgets it.

Half of what is kept of each label are its hardest samples, the other half any. Near the border
between two classes a few hard samples hold more than many easy ones: a new way of writing 1 that
looks like a 7 moves that border, and only odd 7s say how far it may go.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.contract import DIGITS, JSON, NOT_A_DIGIT
from ml.data.dataset import Dataset, as_split, concatenate, load_mnist, load_set, only_classes
from ml.data.mixture import learnable, synthetic_others
from ml.evaluation import metrics
from ml.reading.inference import Classifier

MNIST, SETS = 6_000, 3_000
LETTERS, SYNTHETIC_OTHERS = 1_000, 500


def replay(result: JSON, mnist: Path, sets: list[Path], classifier: Classifier) -> Dataset:
    """Samples of all that a model was trained on, MNIST first; nothing it was validated on.

    Args:
        result: how it was trained.
        classifier: the model; says what is hard.
    """
    return concatenate(_parts(result, mnist, sets, classifier))


def _parts(
    result: JSON, mnist: Path, sets: list[Path], classifier: Classifier
) -> Iterator[Dataset]:
    classes, seed = tuple(result["plan"]["classes"]), int(result["plan"]["seed"])
    digits = _trained_on(load_mnist(mnist, "train"), result)
    yield hard_and_easy(digits, MNIST, classifier, seed)
    if sets:
        further = concatenate(
            _trained_on(learnable(load_set(path), classes), result) for path in sets
        )
        yield hard_and_easy(only_classes(further, DIGITS), SETS, classifier, seed)
        if NOT_A_DIGIT in classes:
            letters = only_classes(further, (NOT_A_DIGIT,))
            yield hard_and_easy(letters, LETTERS, classifier, seed)
            yield synthetic_others(digits, SYNTHETIC_OTHERS, seed)


def _trained_on(part: Dataset, result: JSON) -> Dataset:
    return as_split(part, result)[0]


def hard_and_easy(part: Dataset, count: int, classifier: Classifier, seed: int) -> Dataset:
    """About `count` samples, equally many of each label, half of them the hardest."""
    scores = metrics.score(classifier, part)
    of_the_true = scores[np.arange(len(part)), part.targets(classifier.classes)]
    rng = np.random.default_rng(seed)
    labels = sorted(set(part.labels.tolist()))
    picked: list[NDArray[np.intp]] = []
    for label in labels:
        mine = np.flatnonzero(part.labels == label)
        hardest_first = mine[np.argsort(of_the_true[mine], kind="stable")]
        each = count // len(labels)
        picked += [
            hardest_first[: each // 2],
            rng.permutation(hardest_first[each // 2 :])[: each - each // 2],
        ]
    return part.select(np.sort(np.concatenate(picked)))
