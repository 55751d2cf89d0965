"""Delete old data: unlabelled drawings, which are never trained on, and audit log entries.

Drawings in use are kept: those with a label of any kind or a share link, those in a training run,
and those shown in a verdict.
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
    """The drawings made before a date that may be deleted."""
    kept = (Label, Share, TrainingExample, VerdictDrawing)
    free: list[Any] = [~Exists(model.objects.filter(drawing=OuterRef("pk"))) for model in kept]
    return Drawing.objects.filter(*free, created_at__lt=before)


def forget_old(before: datetime, *, progress: Callable[[int], None] = lambda deleted: None) -> int:
    """Delete old unlabelled drawings and their predictions; return how many.

    Deletes the oldest first, in batches of one transaction each. An interrupted call can be
    repeated.
    """
    deleted = 0
    cursor: Cursor | None = None
    while batch := _batch(before, cursor):
        with transaction.atomic():
            # A label given meanwhile either waits for this lock or is seen by the next query.
            locked = Drawing.objects.select_for_update().filter(pk__in=[pk for _, pk in batch])
            list(locked.order_by("pk").values_list("pk", flat=True))
            going = old_unlabelled(before).filter(pk__in=[pk for _, pk in batch])
            pks = list(going.order_by().values_list("pk", flat=True))
            Drawing.objects.filter(pk__in=pks).delete()
        deleted += len(pks)
        progress(deleted)
        cursor = batch[-1]  # skips the drawings that were kept
    return deleted


def forget_staff_acts(before: datetime) -> int:
    """Delete audit log entries from before a date, the oldest first; return how many."""
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
