"""The images on which a candidate and the active version are compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet
from numpy.typing import NDArray

from ml import pretrained
from ml.contract import IMAGE_SIZE, Labels
from ml.data.dataset import load_bitmaps
from recognizer.models import Label, TrainingExample, TrainingRun
from recognizer.registry.gate_rule import CORRECTIONS, DRAWN, MNIST

MOST_DRAWINGS = 5000
"""Of each kind of drawing so many are read at most, the newest."""

LEARNED_FROM, HELD_OUT = "learned_from", "held_out"


@dataclass(frozen=True, eq=False)
class EvaluationSet:
    """Labelled bitmaps that both versions read.

    images    (n, 28, 28) uint8, ink 255 on paper 0
    labels    (n,) what each shows
    drawings  (n,) primary keys, 0 for an image that is no drawing
    groups    {name: (n,) bool} parts that are counted apart as well
    available how many there are; over MOST_DRAWINGS, only the newest are here
    """

    key: str
    images: NDArray[np.uint8]
    labels: Labels
    drawings: NDArray[np.int64]
    available: int
    groups: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def collect(classes: Sequence[str], run: TrainingRun | None) -> list[EvaluationSet]:
    """MNIST's test images, the drawn test set, and every past approved correction.

    Args:
        classes: only drawings whose label is one of these are of use.
        run: what the candidate came from; tells which drawings it has learned from.
    """
    approved = Label.objects.approved().filter(value__in=classes)
    return [
        _mnist(),
        _drawings(DRAWN, approved.filter(drawing__held_out=True), run),
        _drawings(CORRECTIONS, approved.corrections(), run),
    ]


def _mnist() -> EvaluationSet:
    mnist = load_bitmaps(pretrained.MNIST_TEST)
    return EvaluationSet(
        MNIST, mnist.images, mnist.labels, np.zeros(len(mnist), np.int64), available=len(mnist)
    )


def _drawings(key: str, labels: QuerySet[Label], run: TrainingRun | None) -> EvaluationSet:
    learned = TrainingExample.objects.filter(run__in=lineage(run), drawing=OuterRef("drawing"))
    newest = labels.annotate(learned=Exists(learned)).order_by("-drawing__created_at", "-drawing")
    rows = list(
        newest.values_list(
            "drawing", "drawing__bitmap", "value", "drawing__held_out", "learned"
        )[:MOST_DRAWINGS]
    )  # fmt: skip
    raw = b"".join(bytes(bitmap) for _, bitmap, *_ in rows)
    return EvaluationSet(
        key,
        np.frombuffer(raw, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE),
        np.array([value for _, _, value, *_ in rows], "U16"),
        np.array([drawing for drawing, *_ in rows], np.int64),
        available=len(rows) if len(rows) < MOST_DRAWINGS else labels.count(),
        groups={
            LEARNED_FROM: np.array([learned for *_, learned in rows], bool),
            HELD_OUT: np.array([held_out for *_, held_out, _ in rows], bool),
        },
    )


def lineage(run: TrainingRun | None) -> list[int]:
    """This run, the one that made the version it started from, and so on."""
    made_the_base = dict(TrainingRun.objects.order_by().values_list("pk", "base_version__run"))
    runs: list[int] = []
    pk = run.pk if run else None
    while pk is not None:
        runs.append(pk)
        pk = made_the_base[pk]
    return runs
