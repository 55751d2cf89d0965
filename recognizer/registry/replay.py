"""Replay: predict stored drawings again with any version, and compare two versions.

A version reads the stored bitmap, which is what the model saw at the time. The strokes are not
preprocessed again, so a version predicts the same as it would have then. The check for
drawings that are too small is skipped, since it does not depend on the version.

A replay stores nothing; the served prediction does not change.
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
"""The most versions that `every_version` loads; each takes some milliseconds."""


class ReplayError(ValueError):
    """A replay is not possible; the message names the version and the reason."""


@dataclass(frozen=True)
class VersionPrediction:
    """A version's prediction for a drawing: a class, or "not a digit".

    As in `Prediction`, `confidence` is that of the likeliest digit, even for a refused drawing.
    """

    value: str
    confidence: float
    version: int


@dataclass(frozen=True, eq=False)
class ReplayedDrawing:
    """A drawing with a version's prediction and, if there is one, a prediction to compare with.

    label    the approved label; "" if there is none
    learned  whether one of the versions, or a version it descends from, was trained on it
    """

    drawing: Drawing
    label: str
    learned: bool
    before: VersionPrediction | None
    after: VersionPrediction

    @property
    def change(self) -> str:
        """One of newly_right, newly_wrong, differs, same; "" if there is nothing to compare."""
        if self.before is None:
            return ""
        if self.before.value == self.after.value:
            return "same"
        return {self.after.value: "newly_right", self.before.value: "newly_wrong"}.get(
            self.label, "differs"
        )


@dataclass
class Score:
    """How many labelled drawings are predicted correctly.

    compared  drawings with two predictions; the four fields after it count only these
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
        """The counts for the paired test."""
        return Count(
            "replay", self.compared, self.before, self.after, self.newly_right, self.newly_wrong
        )

    @property
    def finding(self) -> str:
        """One of better, worse, same, empty, by the gate's rule for a single set."""
        return self.count.finding(BETTER_BELOW)


@dataclass
class Tally:
    """The totals of a replay, added up drawing by drawing.

    alone      drawings without a second prediction to compare with
    labelled   drawings with an approved label
    unlearned  labelled drawings that none of the versions was trained on
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
        """How many labelled drawings one of the versions was trained on."""
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
    """Predict drawings with one version, and compare with another or with the served prediction.

    Uses one query and constant memory; the newest drawings come first. Drawings that were
    too small to read have no served prediction.

    Args:
        newest: how many of the newest drawings to read; all by default.

    Raises:
        ReplayError: a version's file is missing or damaged, or both versions are the same.
    """
    if version == against:
        raise ReplayError(_("%(version)s cannot be compared with itself.") % {"version": version})
    model = _load(version)
    other = _load(against) if against else None
    rows = _rows(_chosen(drawings, newest), [version, *([against] if against else [])])
    return _replayed(rows.iterator(chunk_size=_BATCH), model, other)


@dataclass(frozen=True)
class AskedVersion:
    """One version's prediction for a drawing, or why it cannot be loaded."""

    version: ModelVersion
    prediction: VersionPrediction | None
    problem: str = ""


def every_version(drawing: Drawing) -> list[AskedVersion]:
    """The predictions of the newest versions and the active one for a drawing, newest first."""
    active_first = Case(
        When(state=ModelVersion.State.ACTIVE, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    versions = ModelVersion.objects.order_by(active_first, "-number")[:MOST_VERSIONS]
    image = _images([drawing])
    return [_predict(version, image) for version in sorted(versions, key=lambda one: -one.number)]


def _predict(version: ModelVersion, image: NDArray[np.uint8]) -> AskedVersion:
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


def _chosen(drawings: QuerySet[Drawing], newest: int | None) -> QuerySet[Drawing]:
    # A subquery, since filters may join tables and list a drawing twice.
    these = Drawing.objects.filter(pk__in=drawings.order_by().values("pk")).order_by("-pk")
    if newest is None:
        return these
    # A second subquery, so that the database does not sort bitmaps.
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


def _replayed(
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
