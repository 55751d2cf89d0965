"""Forget a contributor: delete their drawings, and report which versions were trained on them.

A trained network cannot unlearn, so versions and runs are kept. Each run counts how many of its
drawings were deleted in this way.
"""

import logging
import uuid
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from recognizer.language.stored_messages import message
from recognizer.models import Drawing, Label, ModelVersion, TrainingExample, TrainingRun
from recognizer.models.drawing import DrawingQuerySet

_BATCH = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contributor:
    """The author of drawings: a user or an anonymous visitor."""

    user_id: int | None = None
    visitor: uuid.UUID | None = None

    @classmethod
    def of(cls, drawing: Drawing) -> "Contributor":
        if drawing.user_id is not None:
            return cls(user_id=drawing.user_id)
        return cls(visitor=drawing.visitor)

    def __str__(self) -> str:
        if self.user_id is not None:
            return f"user {self.user_id}"
        return f"visitor {self.visitor.hex[:8]}" if self.visitor else "nobody"

    def drawings(self) -> DrawingQuerySet:
        if self.user_id is not None:
            return Drawing.objects.filter(user_id=self.user_id)
        assert self.visitor is not None  # one of the two is always set
        return Drawing.objects.filter(visitor=self.visitor)


@dataclass(frozen=True)
class Traces:
    """What the site holds of a contributor.

    runs      ids of the finished runs that used their drawings
    learned   numbers of the versions trained on their drawings
    built_on  numbers of the versions fine-tuned from those
    """

    drawings: int = 0
    labels: int = 0
    runs: list[int] = field(default_factory=list)
    learned: list[int] = field(default_factory=list)
    built_on: list[int] = field(default_factory=list)


def traces(contributor: Contributor) -> Traces:
    """What forgetting a contributor would delete, and which versions were trained on it."""
    drawings = contributor.drawings().order_by().values("pk")
    runs = TrainingRun.objects.filter(
        pk__in=TrainingExample.objects.filter(drawing__in=drawings).values("run")
    ).exclude(state__in=TrainingRun.UNDER_WAY)
    run_pks = sorted(runs.values_list("pk", flat=True))
    learned, built_on = _versions(set(run_pks))
    return Traces(
        drawings=drawings.count(),
        labels=Label.objects.filter(drawing__in=drawings).count(),
        runs=run_pks,
        learned=learned,
        built_on=built_on,
    )


def forget(contributor: Contributor, *, by: AbstractBaseUser | None = None) -> Traces:
    """Delete a contributor's drawings with labels and predictions; return what was deleted.

    Deletes in batches, so an interrupted call can be repeated. A run that is training on
    these drawings starts again without them.
    """
    before = traces(contributor)
    deleted, labels, runs = 0, 0, set(before.runs)
    while batch := list(
        contributor.drawings().order_by("pk").values_list("pk", flat=True)[:_BATCH]
    ):
        with transaction.atomic():
            queued = list(_under_way(batch, TrainingRun.State.QUEUED).values_list("pk", flat=True))
            _queue_again(_under_way(batch, TrainingRun.State.RUNNING))
            runs |= _note_on_runs(batch)
            labels += Label.objects.filter(drawing__in=batch).count()
            Drawing.objects.filter(pk__in=batch).delete()
        # A worker may have claimed one with its drawings before the deletion was committed.
        _queue_again(TrainingRun.objects.filter(pk__in=queued))
        deleted += len(batch)
    learned, built_on = _versions(runs)
    logger.warning(
        "%s forgot a contributor with %d drawings; versions that learned from them: %s.",
        *(by.get_username() if by else "Somebody", deleted, learned or "none"),
    )
    return Traces(deleted, labels, sorted(runs), learned, built_on)


def forgotten_behind(version: ModelVersion) -> dict[int, int]:
    """Count the drawings in a version's training, and in its ancestors', that were forgotten.

    Returns:
        {number of the version trained on them: count}, without versions that have none.
    """
    rows = {
        pk: (number, base, (parameters or {}).get(TrainingRun.FORGOTTEN, 0))
        for pk, number, base, parameters in ModelVersion.objects.values_list(
            "pk", "number", "run__base_version", "run__parameters"
        )
    }
    found, pk = {}, version.pk
    while pk in rows:
        number, pk, forgotten = rows.pop(pk)
        if forgotten:
            found[number] = forgotten
    return found


def _under_way(drawings: list[int], state: str) -> QuerySet[TrainingRun]:
    examples = TrainingExample.objects.filter(drawing__in=drawings)
    return TrainingRun.objects.filter(state=state, pk__in=examples.values("run"))


def _queue_again(runs: QuerySet[TrainingRun]) -> None:
    """Queue running runs again; their worker notices and ends the training."""
    runs.filter(state=TrainingRun.State.RUNNING).update(
        state=TrainingRun.State.QUEUED, stage=message("contributor_forgotten")
    )


def _note_on_runs(drawings: list[int]) -> set[int]:
    """Add the drawings to the counts of finished runs; return the ids of these runs."""
    counts = dict(
        TrainingExample.objects.filter(drawing__in=drawings)
        .exclude(run__state__in=TrainingRun.UNDER_WAY)
        .order_by()
        .values_list("run")
        .annotate(Count("pk"))
    )
    runs = TrainingRun.objects.select_for_update().filter(pk__in=counts)
    for run in runs.only("parameters"):
        forgotten = run.forgotten_drawings + counts[run.pk]
        run.parameters = {**run.parameters, TrainingRun.FORGOTTEN: forgotten}
        run.save(update_fields=["parameters"])
    return set(counts)


def _versions(runs: set[int]) -> tuple[list[int], list[int]]:
    """The numbers of the versions that runs produced, and of those fine-tuned from them."""
    learned, built_on, tainted = [], [], set()
    # A version is registered after its base, so its row comes later.
    rows = ModelVersion.objects.exclude(run=None).order_by("pk")
    for pk, number, run, base in rows.values_list("pk", "number", "run", "run__base_version"):
        if run in runs:
            learned.append(number)
        elif base in tainted:
            built_on.append(number)
        else:
            continue
        tainted.add(pk)
    return learned, built_on


def in_words(found: Traces) -> str:
    """One or two sentences about the versions trained on the drawings."""
    if not found.learned:
        return _("No model version was trained on these drawings.")
    words = _("Trained on these drawings: %(versions)s.") % {"versions": _numbers(found.learned)}
    if found.built_on:
        since = _("Fine-tuned from these: %(versions)s.")
        words += f" {since % {'versions': _numbers(found.built_on)}}"
    return words


def _numbers(numbers: list[int]) -> str:
    return ", ".join(_("version %(number)s") % {"number": one} for one in numbers) or _("none")
