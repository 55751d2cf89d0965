"""Whether a correction helped: its label, the versions trained on it, and their predictions.

The person who drew it sees this, so nothing here names other users.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ml.contract import NOT_A_DIGIT
from recognizer.language.predictions import percent
from recognizer.models import Drawing, Label, ModelVersion, TrainingExample, TrainingRun
from recognizer.registry.replay import VersionPrediction, every_version

_ACTIVE = ModelVersion.State.ACTIVE


class Outcome(StrEnum):
    """Whether a correction helped, as far as known."""

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
    """A version trained on the drawing, and the label it was trained with."""

    version: int
    value: str
    at: datetime | None


@dataclass(frozen=True)
class VersionFeedback:
    """One version's prediction for the drawing.

    text   "" if it is not a digit
    right  None if no label is approved
    """

    version: int
    text: str
    confidence: float
    right: bool | None
    has_learned: bool
    is_active: bool
    answered: bool

    @property
    def percent(self) -> str:
        return percent(self.confidence)


@dataclass(frozen=True)
class Feedback:
    """The feedback on a drawing; `newest` is the newest version trained on it."""

    label: Label | None
    outcome: Outcome
    learned: list[Learned]
    predictions: list[VersionFeedback]

    @property
    def newest(self) -> Learned | None:
        return self.learned[-1] if self.learned else None

    @property
    def newest_prediction(self) -> VersionFeedback | None:
        newest = self.newest
        return next(
            (one for one in self.predictions if newest and one.version == newest.version), None
        )


def feedback_on(drawing: Drawing) -> Feedback:
    """The feedback on a drawing loaded by `for_history`; makes two more queries."""
    label = drawing.labels.current()
    learned = _learned(drawing)
    predictions = _predictions(drawing, label, {one.version for one in learned})
    return Feedback(label, _outcome(drawing, label, learned, predictions), learned, predictions)


def _learned(drawing: Drawing) -> list[Learned]:
    examples = TrainingExample.objects.filter(
        drawing=drawing, run__state=TrainingRun.State.SUCCEEDED, run__version__isnull=False
    )
    rows = examples.order_by("run__version__number")
    return [
        Learned(*row)
        for row in rows.values_list("run__version__number", "value", "run__finished_at")
    ]


def _predictions(drawing: Drawing, label: Label | None, learned: set[int]) -> list[VersionFeedback]:
    """Each version's prediction, newest version first. The served prediction is kept.

    A version that cannot be loaded any more appears with its stored prediction.
    """
    asked = every_version(drawing)
    active = {one.version.number for one in asked if one.version.state == _ACTIVE}
    found = {
        one.version.number: _text_and_confidence(one.prediction) for one in asked if one.prediction
    }
    served = drawing.predictions.served()
    for prediction in reversed(drawing.predictions.all()):
        if prediction.served or prediction.version.number not in found:
            found[prediction.version.number] = (prediction.text, prediction.confidence)
    return [
        VersionFeedback(
            version=number,
            text=text,
            confidence=confidence,
            right=_is_right(text, label),
            has_learned=number in learned,
            is_active=number in active,
            answered=served is not None and served.version.number == number,
        )
        for number, (text, confidence) in sorted(found.items(), reverse=True)
    ]


def _text_and_confidence(prediction: VersionPrediction) -> tuple[str, float]:
    text = "" if prediction.value == NOT_A_DIGIT else prediction.value
    return text, prediction.confidence


def _is_right(text: str, label: Label | None) -> bool | None:
    if label is None or label.state != Label.State.APPROVED:
        return None
    return (text or NOT_A_DIGIT) == label.value


def _outcome(
    drawing: Drawing,
    label: Label | None,
    learned: list[Learned],
    predictions: list[VersionFeedback],
) -> Outcome:
    if label is None:
        return Outcome.UNLABELLED
    if label.state != Label.State.APPROVED:
        return Outcome.WAITING if label.state == Label.State.SUGGESTED else Outcome.REFUSED
    if drawing.held_out and not learned:
        return Outcome.TESTING
    if not learned:
        return Outcome.UNLEARNED
    newest = next((one for one in predictions if one.version == learned[-1].version), None)
    if newest is None:
        return Outcome.UNREAD
    return Outcome.HELPED if newest.right else Outcome.NOT_YET
