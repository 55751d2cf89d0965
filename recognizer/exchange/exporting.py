"""Export drawings from the database to a file, piece by piece."""

import uuid
from collections.abc import Callable, Iterator
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from recognizer.exchange import csv_png, idx, npz
from recognizer.exchange.record import Record
from recognizer.exchange.zip_stream import in_pieces
from recognizer.models import Drawing, Label
from recognizer.models.label import rank

_BATCH = 500

_WRITERS = {"npz": npz.write, "csv": csv_png.write, "idx": idx.write}

FORMATS = tuple(_WRITERS)


def filename(file_format: str) -> str:
    """The name of a file exported today."""
    return (
        f"drawings-{timezone.localdate()}"
        + {"npz": ".npz", "csv": ".zip", "idx": ".idx.zip", "json": ".json"}[file_format]
    )


def export(
    drawings: QuerySet[Drawing],
    file_format: str,
    progress: Callable[[int], None] = lambda count: None,
) -> Iterator[bytes]:
    """A file of these drawings, in pieces. Memory use does not grow with their number.

    CSV with PNGs streams at once. NPZ and IDX begin with the length of their arrays, so the
    drawings are first collected in temporary files.

    Args:
        file_format: one of `FORMATS`.
        progress: called from time to time with the number of drawings read.
    """
    return in_pieces(_WRITERS[file_format](_records(drawings, progress)))


def _records(drawings: QuerySet[Drawing], progress: Callable[[int], None]) -> Iterator[Record]:
    count, rows = 0, drawings.order_by("pk").iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        # Prefetched labels and drawings would refer to each other until a garbage collection.
        labels = _current_labels([drawing.pk for drawing in batch])
        for drawing in batch:
            yield _record(drawing, *labels.get(drawing.pk, ("", "")))
        count += len(batch)
        progress(count)


def _current_labels(drawings: list[int]) -> dict[int, tuple[str, str]]:
    """Value and state of each drawing's current label, by primary key."""
    labels = Label.objects.filter(drawing__in=drawings).order_by()
    rows = labels.values_list("state", "pk", "drawing", "value")
    foremost_last = sorted(rows, key=lambda row: rank(*row[:2]), reverse=True)
    return {drawing: (value, state) for state, _, drawing, value in foremost_last}


def _record(drawing: Drawing, label: str, state: str) -> Record:
    return Record(
        public_id=drawing.public_id,
        created_at=drawing.created_at,
        contributor=_pseudonym(drawing),
        source=drawing.source,
        width=drawing.width,
        height=drawing.height,
        ink=None if drawing.ink is None else bytes(drawing.ink),
        picture=None if drawing.picture is None else bytes(drawing.picture),
        bitmap=bytes(drawing.bitmap),
        label=label,
        state=state,
    )


def _pseudonym(drawing: Drawing) -> uuid.UUID:
    """One id for all drawings of a person. Only the SECRET_KEY links it to their account."""
    if drawing.user_id is None:
        assert drawing.visitor is not None  # the database refuses a drawing without an owner
        return drawing.visitor
    digest = salted_hmac("recognizer.exchange", str(drawing.user_id), algorithm="sha256").digest()
    return uuid.UUID(bytes=digest[:16], version=4)
