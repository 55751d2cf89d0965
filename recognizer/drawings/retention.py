"""Delete what is old: drawings that nobody has labelled, and what staff did.

What is never learned from need not be kept.

Whatever somebody has done something with stays: labels of any kind, links that were given away,
drawings that a training run has learned from or that a verdict shows.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from recognizer.models import (
    Drawing,
    Label,
    Share,
    StaffAct,
    TrainingExample,
    VerdictDrawing,
    keyset,
)
from recognizer.models.drawing import DrawingQuerySet
from recognizer.models.keyset import Cursor

BATCH = 500


def old_unlabelled(before: datetime) -> DrawingQuerySet:
    """Drawings made before then that may go."""
    kept = (Label, Share, TrainingExample, VerdictDrawing)
    free: list[Any] = [~Exists(model.objects.filter(drawing=OuterRef("pk"))) for model in kept]
    return Drawing.objects.filter(*free, created_at__lt=before)


def forget_old(before: datetime, *, progress: Callable[[int], None] = lambda deleted: None) -> int:
    """Delete them with their readings, the oldest first; how many there were.

    Batch by batch, each of them wholly or not at all: what was interrupted can be done again.
    """
    deleted = 0
    cursor: Cursor | None = None
    while batch := _batch(before, cursor):
        with transaction.atomic():
            # Whoever labels one of these just now waits, or is seen here.
            locked = Drawing.objects.select_for_update().filter(pk__in=[pk for _, pk in batch])
            list(locked.order_by("pk").values_list("pk", flat=True))
            going = old_unlabelled(before).filter(pk__in=[pk for _, pk in batch])
            pks = list(going.order_by().values_list("pk", flat=True))
            Drawing.objects.filter(pk__in=pks).delete()
        deleted += len(pks)
        progress(deleted)
        cursor = batch[-1]  # those that stay are not looked at again
    return deleted


def forget_staff_acts(before: datetime) -> int:
    """Delete what staff did before then from the audit trail, the oldest first; how much it was."""
    deleted = 0
    old = StaffAct.objects.filter(at__lt=before).order_by("at")
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        deleted += StaffAct.objects.filter(pk__in=batch).delete()[0]
    return deleted


def _batch(before: datetime, cursor: Cursor | None) -> list[Cursor]:
    rows = old_unlabelled(before).order_by("created_at", "pk")
    if cursor is not None:
        rows = keyset.after(rows, "created_at", cursor)
    return list(rows.values_list("created_at", "pk")[:BATCH])
