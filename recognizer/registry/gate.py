"""Compare a candidate with the active version on the same images.

`gate_rule` decides whether the candidate may be promoted.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from ml.contract import Labels
from ml.reading.inference import ArtifactError, Classifier
from recognizer.language.stored_messages import message
from recognizer.models import Drawing, ModelVersion, TrainingRun, Verdict, VerdictDrawing
from recognizer.registry import active_model, evaluation_sets, promotion, reasons
from recognizer.registry.evaluation_sets import EvaluationSet
from recognizer.registry.gate_rule import MOST_LOST, WORSE_BELOW, Count, Decision, decide

MOST_CHANGES = 200
"""The most newly right drawings, and newly wrong ones, that are stored with a verdict."""

_BATCH = 250

logger = logging.getLogger(__name__)


class GateError(ValueError):
    """A version cannot be evaluated; the message says why."""


@dataclass(frozen=True, eq=False)
class PairedPredictions:
    """The predictions of both versions for one image set, each (n,) classes."""

    images: EvaluationSet
    before: Labels
    after: Labels

    @property
    def newly_right(self) -> NDArray[np.bool_]:
        return np.asarray((self.after == self.images.labels) & (self.before != self.images.labels))

    @property
    def newly_wrong(self) -> NDArray[np.bool_]:
        return np.asarray((self.before == self.images.labels) & (self.after != self.images.labels))

    def count(self, among: NDArray[np.bool_] | None = None) -> Count:
        among = np.ones(len(self.before), bool) if among is None else among
        return Count(
            self.images.key,
            samples=int(among.sum()),
            before=int(((self.before == self.images.labels) & among).sum()),
            after=int(((self.after == self.images.labels) & among).sum()),
            newly_right=int((self.newly_right & among).sum()),
            newly_wrong=int((self.newly_wrong & among).sum()),
        )


@dataclass(frozen=True, eq=False)
class Comparison:
    """The predictions of a candidate and of the version that was active at the time."""

    opponent: ModelVersion
    predictions: list[PairedPredictions]


def evaluate(version: ModelVersion) -> Verdict:
    """Compare a stored version with the active one, and store the verdict.

    This reads about 20,000 images: too slow for a web request.

    Raises:
        GateError: there is no other version to compare with, or a file is damaged.
    """
    if version == ModelVersion.objects.active():
        raise GateError(f"{version} is active: there is nothing to compare it with.")
    return record(version, compare(_load(version), version.run))


def compare(
    candidate: Classifier,
    run: TrainingRun | None,
    sign_of_life: Callable[[], None] = lambda: None,
) -> Comparison:
    """Predict the same images with the candidate and the active version.

    Args:
        run: the run that trained the candidate.
        sign_of_life: called before each batch, since the comparison takes a while.

    Raises:
        GateError: no version is active, or its file is damaged.
    """
    opponent = ModelVersion.objects.active()
    if opponent is None:
        raise GateError("No version is active to compare it with.")
    active = _load(opponent)
    known = sorted({*active.classes, *candidate.classes})
    return Comparison(
        opponent,
        [
            PairedPredictions(
                images,
                before=predict_all(active, images, sign_of_life),
                after=predict_all(candidate, images, sign_of_life),
            )
            for images in evaluation_sets.collect(known, run)
        ],
    )


def _load(version: ModelVersion) -> Classifier:
    try:
        return active_model.load(version).classifier
    except (ArtifactError, OSError) as error:
        raise GateError(f"{version} cannot be loaded: {error}") from error


def predict_all(
    classifier: Classifier, images: EvaluationSet, sign_of_life: Callable[[], None]
) -> Labels:
    """The predicted class of each image, (n,)."""
    parts = [np.zeros(0, "U16")]
    for start in range(0, len(images.labels), _BATCH):
        sign_of_life()
        predicted, _ = classifier.answer(images.images[start : start + _BATCH])
        parts.append(predicted)
    return np.concatenate(parts)


def record(version: ModelVersion, comparison: Comparison) -> Verdict:
    """Store the verdict on a comparison; refuse the candidate if it did not pass."""
    counts = [predictions.count() for predictions in comparison.predictions]
    decision = decide(counts)
    with transaction.atomic():
        verdict = Verdict.objects.create(
            candidate=version,
            opponent=comparison.opponent,
            outcome=Verdict.Outcome.PASSED if decision.passed else Verdict.Outcome.REFUSED,
            reason=reasons.in_english(decision.reason),
            figures=_figures(comparison, decision),
        )
        VerdictDrawing.objects.bulk_create(_changes(verdict, comparison))
        _set_state(version, passed=decision.passed)
    return verdict


def conclude(version: ModelVersion, comparison: Comparison) -> Verdict:
    """Store the verdict; promote a candidate that passed if RETRAIN_AUTO_PROMOTE is set."""
    verdict = record(version, comparison)
    if verdict.passed and settings.RETRAIN_AUTO_PROMOTE:
        try:
            reason = message("passed", verdict=verdict.figures["reason"])
            promotion.promote(version, by=None, reason=reason)
        except promotion.PromotionError as error:
            # Another version was promoted during the comparison.
            logger.warning("%s is not promoted automatically: %s", version, error)
    return verdict


def _set_state(version: ModelVersion, *, passed: bool) -> None:
    states = ModelVersion.State
    old, new = (states.REFUSED, states.CANDIDATE) if passed else (states.CANDIDATE, states.REFUSED)
    if ModelVersion.objects.filter(pk=version.pk, state=old).update(state=new):
        version.state = new


def _figures(comparison: Comparison, decision: Decision) -> dict[str, Any]:
    return {
        "worse_below": WORSE_BELOW,
        "better_below": decision.better_below,
        "mnist_most_lost": MOST_LOST,
        "reason": decision.reason,
        "sets": [
            {
                **asdict(count := predictions.count()),
                "available": predictions.images.available,
                "p": count.chance,
                "finding": decision.findings[count.key],
                "groups": {
                    name: asdict(predictions.count(members))
                    for name, members in predictions.images.groups.items()
                },
            }
            for predictions in comparison.predictions
        ],
    }


def _changes(verdict: Verdict, comparison: Comparison) -> list[VerdictDrawing]:
    """The newest drawings that became right or wrong; a drawing in two sets counts once."""
    changes: list[VerdictDrawing] = []
    for newly_right in (True, False):
        found: dict[int, VerdictDrawing] = {}
        for predictions in comparison.predictions:
            changed = predictions.newly_right if newly_right else predictions.newly_wrong
            for index in np.flatnonzero(changed & (predictions.images.drawings > 0)).tolist():
                drawing = int(predictions.images.drawings[index])
                found[drawing] = VerdictDrawing(
                    verdict=verdict,
                    drawing_id=drawing,
                    value=str(predictions.images.labels[index]),
                    before=str(predictions.before[index]),
                    after=str(predictions.after[index]),
                    newly_right=newly_right,
                )
        newest = sorted(found.values(), key=lambda change: -change.drawing_id)
        changes += newest[:MOST_CHANGES]
    # Drawings may have been deleted during the comparison; the lock keeps the remaining ones.
    still_there = Drawing.objects.select_for_update().filter(
        pk__in=[change.drawing_id for change in changes]
    )
    kept = set(still_there.values_list("pk", flat=True))
    return [change for change in changes if change.drawing_id in kept]
