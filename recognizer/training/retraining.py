"""Learn from labelled drawings: freeze the list, see a run through, find those that wait."""

import hashlib
import json
import logging
import secrets
from dataclasses import replace

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recognizer.backing.outages import outlast
from recognizer.language.run_messages import in_english
from recognizer.language.stored_messages import message
from recognizer.models import Drawing, Label, ModelVersion, TrainingExample, TrainingRun
from recognizer.training.contributor_cap import Contribution, within_share
from recognizer.training.plans import RETRAINING, as_parameters
from recognizer.training.run_folders import run_folder
from recognizer.training.supervision import RunAttempt, RunLostError

MOST_ATTEMPTS = 3
"""So many workers may die over a run before it is given up."""

logger = logging.getLogger(__name__)


class RetrainingError(ValueError):
    """A retraining cannot be started; the message says why."""


def request_run(drawings: QuerySet[Drawing], *, by: AbstractBaseUser | None) -> TrainingRun:
    """Make a queued run from the approved drawings among these, frozen with their labels.

    Drawings that are held out are never among them, and what one contributor
    gave beyond the allowed share is left out; `parameters` counts both.

    Raises:
        RetrainingError: none of them has an approved label the model can learn,
            all are held out, no version is active to start from, or a run that
            is not over learns from the very same.
    """
    base = ModelVersion.objects.active()
    if base is None:
        raise RetrainingError(_("No model version is active to start from."))
    labels = Label.objects.approved().filter(drawing__in=drawings, value__in=base.classes)
    held_out = labels.filter(drawing__held_out=True).count()
    candidates = _contributions(labels.filter(drawing__held_out=False))
    if not candidates:
        raise RetrainingError(_why_nothing(held_out))
    chosen = within_share(candidates, settings.MAX_CONTRIBUTOR_SHARE)
    digest = _digest(chosen)
    with transaction.atomic():
        # The lock makes two staff who click at once wait for each other.
        ModelVersion.objects.select_for_update().get(pk=base.pk)
        same = TrainingRun.objects.unfinished().filter(
            base_version=base, parameters__examples_sha256=digest
        )
        if twin := same.first():
            raise RetrainingError(
                _("%(run)s is already training on the same drawings.") % {"run": twin}
            )
        run = TrainingRun.objects.create(
            requested_by_id=by.pk if by else None,
            base_version=base,
            epochs=settings.RETRAIN_EPOCHS,
            parameters={
                **as_parameters(replace(RETRAINING, epochs=settings.RETRAIN_EPOCHS)),
                "drawings": len(chosen),
                "kept_for_judging": held_out,
                "max_contributor_share": settings.MAX_CONTRIBUTOR_SHARE,
                "over_contributor_share": len(candidates) - len(chosen),
                "examples_sha256": digest,
            },
        )
        TrainingExample.objects.bulk_create(
            [TrainingExample(run=run, drawing_id=one.drawing, value=one.value) for one in chosen],
            batch_size=1000,
        )
    return run


def _digest(chosen: list[Contribution]) -> str:
    """The same for the same drawings with the same labels."""
    pairs = sorted((one.drawing, one.value) for one in chosen)
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def _contributions(labels: QuerySet[Label]) -> list[Contribution]:
    rows = labels.order_by("drawing").values_list(
        "drawing", "drawing__public_id", "value", "drawing__user", "drawing__visitor"
    )
    return [
        Contribution(drawing, public_id, value, user or visitor)
        for drawing, public_id, value, user, visitor in rows.iterator()
    ]


def _why_nothing(held_out: int) -> str:
    if not held_out:
        return _("None of these drawings has an approved label.")
    words = ngettext(
        "The only approved drawing among these is in the test set, which is never used"
        " for training. Approve more drawings.",
        "All %(count)s approved drawings among these are in the test set, which is never used"
        " for training. Approve more drawings.",
        held_out,
    )
    return words % {"count": held_out}


def execute(run_pk: int) -> bool:
    """Claim a queued run and see it through; False if another worker has it.

    Whatever happens, the run ends up succeeded, failed, cancelled or back in
    the queue.
    """
    token = secrets.token_hex(16)
    if not TrainingRun.objects.claim(run_pk, token):
        return False
    run = TrainingRun.objects.select_related("base_version").get(pk=run_pk)
    try:
        with run_folder(run.pk, token) as folder:
            RunAttempt(run, token, folder).run_to_the_end()
    except RunLostError as lost:
        logger.warning("Run %d: %s", run_pk, lost)
    except Exception as error:
        reason = str(error) or repr(error)
        logger.exception("Run %d failed: %s", run_pk, in_english(reason))
        outlast(lambda: _fail(run_pk, token, reason), seconds=settings.RETRAIN_STALE_SECONDS)
    return True


def _fail(run_pk: int, token: str, reason: str) -> None:
    TrainingRun.objects.all().end(
        run_pk, token, state=TrainingRun.State.FAILED, stage="", error=reason
    )


def waiting_runs() -> list[int]:
    """Queued runs, after those whose worker has died were put back into the queue.

    A run that has cost `MOST_ATTEMPTS` workers their life is failed.
    """
    for run in TrainingRun.objects.stale():
        if run.attempts >= MOST_ATTEMPTS:
            _fail(run.pk, run.claim_token, message("died_often", count=run.attempts))
            continue
        requeued = TrainingRun.objects.stale().filter(pk=run.pk, claim_token=run.claim_token)
        if requeued.update(state=TrainingRun.State.QUEUED, stage=message("worker_died")):
            logger.warning("Run %d: its worker gave no sign of life; queued again.", run.pk)
    queued = TrainingRun.objects.filter(state=TrainingRun.State.QUEUED).order_by("pk")
    return list(queued.values_list("pk", flat=True))
