"""What became of one drawing: who labelled it, which versions learned from it, what each says.

For the person who drew it, so nothing here names anybody.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ml.contract import NOT_A_DIGIT
from recognizer.models import Drawing, Label, ModelVersion, Prediction, TrainingExample, TrainingRun
from recognizer.words import percent


class Outcome(StrEnum):
    """Whether a correction helped, as far as is known."""

    UNLABELLED = "unlabelled"
    WAITING = "waiting"
    REFUSED = "refused"
    TESTING = "testing"
    UNLEARNED = "unlearned"
    UNREAD = "unread"
    HELPED = "helped"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Learned:
    """A version that learned from the drawing, and as what."""

    version: int
    value: str
    at: datetime | None


@dataclass(frozen=True)
class Said:
    """What one version says of the drawing; `right` is None while no label is approved."""

    version: int
    prediction: Prediction
    right: bool | None
    has_learned: bool
    is_active: bool

    @property
    def percent(self) -> str:
        return percent(self.prediction.confidence)


@dataclass(frozen=True)
class Lesson:
    """`newest` is the newest version that learned from it, and what that one says."""

    label: Label | None
    outcome: Outcome
    learned: list[Learned]
    said: list[Said]

    @property
    def newest(self) -> Learned | None:
        return self.learned[-1] if self.learned else None

    @property
    def newest_said(self) -> Said | None:
        newest = self.newest
        return next((one for one in self.said if newest and one.version == newest.version), None)


def lesson(drawing: Drawing) -> Lesson:
    """What became of a drawing `for_history`, in three queries more."""
    label = drawing.current_label
    learned = _learned(drawing)
    said = _said(drawing, label, {one.version for one in learned})
    return Lesson(label, _outcome(drawing, label, learned, said), learned, said)


def _learned(drawing: Drawing) -> list[Learned]:
    examples = TrainingExample.objects.filter(
        drawing=drawing, run__state=TrainingRun.State.SUCCEEDED, run__version__isnull=False
    )
    rows = examples.order_by("run__version__number")
    return [
        Learned(*row)
        for row in rows.values_list("run__version__number", "value", "run__finished_at")
    ]


def _said(drawing: Drawing, label: Label | None, learned: set[int]) -> list[Said]:
    """The newest reading of each version, the newest version first."""
    active = ModelVersion.objects.active()
    newest: dict[int, Prediction] = {}
    for prediction in drawing.predictions.all():
        newest.setdefault(prediction.version.number, prediction)
    return [
        Said(
            version=number,
            prediction=newest[number],
            right=_is_right(newest[number], label),
            has_learned=number in learned,
            is_active=active is not None and number == active.number,
        )
        for number in sorted(newest, reverse=True)
    ]


def _is_right(prediction: Prediction, label: Label | None) -> bool | None:
    if label is None or label.state != Label.State.APPROVED:
        return None
    return (prediction.text or NOT_A_DIGIT) == label.value


def _outcome(
    drawing: Drawing, label: Label | None, learned: list[Learned], said: list[Said]
) -> Outcome:
    if label is None:
        return Outcome.UNLABELLED
    if label.state != Label.State.APPROVED:
        return Outcome.WAITING if label.state == Label.State.SUGGESTED else Outcome.REFUSED
    if drawing.held_out and not learned:
        return Outcome.TESTING
    if not learned:
        return Outcome.UNLEARNED
    newest = next((one for one in said if one.version == learned[-1].version), None)
    if newest is None:
        return Outcome.UNREAD
    return Outcome.HELPED if newest.right else Outcome.NOT_YET
