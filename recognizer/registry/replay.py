"""Replay: let any version read stored drawings again, and compare the predictions of two.

A version reads the stored bitmap, which is what the model saw at the time. Today's preprocessing
of the strokes plays no part, so a version predicts now what it would have predicted then. Whether
a drawing is too small to read does not depend on the version, and is left out.

A replay stores nothing. The prediction that was served stays as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ml.contract import IMAGE_SIZE, NOT_A_DIGIT
from ml.reading.inference import ArtifactError
from recognizer.models import Drawing, Label, ModelVersion, TrainingExample
from recognizer.registry import active_model
from recognizer.registry.active_model import ActiveModel
from recognizer.registry.evaluation_sets import lineage
from recognizer.registry.gate_rule import BETTER_BELOW, Count

_BATCH = 250

_UNLOADABLE = (ArtifactError, OSError)

MOST_VERSIONS = 12
"""So many versions `every_version` asks; each takes some milliseconds to load."""


class ReplayError(ValueError):
    """A version cannot read drawings again; the message says which and why."""


@dataclass(frozen=True)
class VersionPrediction:
    """What a version predicts for a drawing: a class, or "not a digit".

    `confidence` belongs to the likeliest digit, even if the drawing is refused, as in `Prediction`.
    """

    value: str
    confidence: float
    version: int


@dataclass(frozen=True, eq=False)
class ReplayedDrawing:
    """A drawing with a version's prediction, beside another prediction where there is one.

    label    its approved label; "" where it has none
    learned  whether one of the versions, or what it was fine-tuned from, learned from it
    """

    drawing: Drawing
    label: str
    learned: bool
    before: VersionPrediction | None
    after: VersionPrediction

    @property
    def change(self) -> str:
        """One of newly_right, newly_wrong, differs, same; "" where there is nothing beside it."""
        if self.before is None:
            return ""
        if self.before.value == self.after.value:
            return "same"
        return {self.after.value: "newly_right", self.before.value: "newly_wrong"}.get(
            self.label, "differs"
        )


@dataclass
class Score:
    """How many of the labelled drawings were read rightly.

    compared  those of them that have an answer of both; the last four count among these
    """

    labelled: int = 0
    right: int = 0
    compared: int = 0
    before: int = 0
    after: int = 0
    newly_right: int = 0
    newly_wrong: int = 0

    def add(self, row: ReplayedDrawing) -> None:
        right = row.after.value == row.label
        self.labelled += 1
        self.right += right
        if row.before is not None:
            self.compared += 1
            self.before += row.before.value == row.label
            self.after += right
            self.newly_right += row.change == "newly_right"
            self.newly_wrong += row.change == "newly_wrong"

    @property
    def count(self) -> Count:
        """The same for the paired test."""
        return Count(
            "replay", self.compared, self.before, self.after, self.newly_right, self.newly_wrong
        )

    @property
    def finding(self) -> str:
        """One of better, worse, same, empty: the gate's rule for a single set."""
        return self.count.finding(BETTER_BELOW)


@dataclass
class Tally:
    """What a replay came to, added up drawing by drawing.

    alone      had no other answer to be compared with
    labelled   all drawings with an approved label
    unlearned  those of them that none of the versions has learned from
    """

    drawings: int = 0
    same: int = 0
    alone: int = 0
    labelled: Score = field(default_factory=Score)
    unlearned: Score = field(default_factory=Score)

    def add(self, row: ReplayedDrawing) -> None:
        self.drawings += 1
        self.same += row.change == "same"
        self.alone += row.before is None
        if row.label:
            self.labelled.add(row)
            if not row.learned:
                self.unlearned.add(row)

    @property
    def learned(self) -> int:
        """How many of the labelled drawings one of the versions has learned from."""
        return self.labelled.labelled - self.unlearned.labelled

    @property
    def different(self) -> int:
        return self.drawings - self.same - self.alone


def replay(
    drawings: QuerySet[Drawing],
    version: ModelVersion,
    against: ModelVersion | None = None,
    *,
    newest: int | None = None,
) -> Iterator[ReplayedDrawing]:
    """Read these drawings with one version, beside another or what was answered at the time.

    In one query and constant memory, what was stored last comes first. What was refused
    without asking a version, because it was too small, has no answer of the time.

    Args:
        newest: at most so many, the newest; all where it is left out.

    Raises:
        ReplayError: a version's file is missing or damaged, or both are the same.
    """
    if version == against:
        raise ReplayError(_("%(version)s cannot be compared with itself.") % {"version": version})
    model = _load(version)
    other = _load(against) if against else None
    rows = _rows(_these(drawings, newest), [version, *([against] if against else [])])
    return _read(rows.iterator(chunk_size=_BATCH), model, other)


@dataclass(frozen=True)
class AskedVersion:
    """What one version predicts for a drawing, or why it cannot be asked."""

    version: ModelVersion
    prediction: VersionPrediction | None
    problem: str = ""


def every_version(drawing: Drawing) -> list[AskedVersion]:
    """What each of the newest versions, and the active one, reads in a drawing; newest first."""
    active_first = Case(
        When(state=ModelVersion.State.ACTIVE, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    versions = ModelVersion.objects.order_by(active_first, "-number")[:MOST_VERSIONS]
    image = _images([drawing])
    return [_ask(version, image) for version in sorted(versions, key=lambda one: -one.number)]


def _ask(version: ModelVersion, image: NDArray[np.uint8]) -> AskedVersion:
    try:
        model = active_model.load(version)
    except _UNLOADABLE as error:
        return AskedVersion(version, None, str(error))
    return AskedVersion(version, _predictions(model, image)[0])


def _load(version: ModelVersion) -> ActiveModel:
    try:
        return active_model.load(version)
    except _UNLOADABLE as error:
        raise ReplayError(
            _("%(version)s cannot be loaded: %(why)s") % {"version": version, "why": error}
        ) from error


def _these(drawings: QuerySet[Drawing], newest: int | None) -> QuerySet[Drawing]:
    # Chosen in a subquery: filters may join tables, and list a drawing twice.
    these = Drawing.objects.filter(pk__in=drawings.order_by().values("pk")).order_by("-pk")
    if newest is None:
        return these
    # In one of its own, so that no bitmaps are sorted.
    chosen = these.order_by("-created_at", "-pk").values("pk")[:newest]
    return Drawing.objects.filter(pk__in=chosen).order_by("-pk")


def _rows(these: QuerySet[Drawing], versions: list[ModelVersion]) -> QuerySet[Drawing]:
    runs = {pk for version in versions for pk in lineage(version.run)}
    learned = TrainingExample.objects.filter(run__in=runs, drawing=OuterRef("pk"))
    return these.only("public_id", "created_at", "bitmap").annotate(
        approved=FilteredRelation("labels", condition=Q(labels__state=Label.State.APPROVED)),
        served=FilteredRelation("predictions", condition=Q(predictions__served=True)),
        label=F("approved__value"),
        learned=Exists(learned),
        read=F("served__text"),
        sure=F("served__confidence"),
        why=F("served__rejected"),
        by=F("served__version__number"),
    )


def _read(
    rows: Iterator[Any], model: ActiveModel, other: ActiveModel | None
) -> Iterator[ReplayedDrawing]:
    while batch := list(islice(rows, _BATCH)):
        images = _images(batch)
        before = _predictions(other, images) if other else [_served(row) for row in batch]
        for row, old, new in zip(batch, before, _predictions(model, images), strict=True):
            yield ReplayedDrawing(row, row.label or "", row.learned, old, new)


def _images(drawings: list[Drawing]) -> NDArray[np.uint8]:
    raw = b"".join(bytes(drawing.bitmap) for drawing in drawings)
    return np.frombuffer(raw, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)


def _predictions(model: ActiveModel, images: NDArray[np.uint8]) -> list[VersionPrediction]:
    values, scores = model.classifier.answer(images)
    return [
        VersionPrediction(value, min(1.0, round(score, 6)), model.number)
        for value, score in zip(values.tolist(), scores.tolist(), strict=True)
    ]


def _served(row: Any) -> VersionPrediction | None:
    if row.read is None or row.why not in {"", "not_a_digit"}:
        return None
    return VersionPrediction(row.read or NOT_A_DIGIT, row.sure, row.by)
