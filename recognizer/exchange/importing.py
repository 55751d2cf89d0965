"""Import drawings from a file into the database: all of them, or none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO
from zipfile import ZipFile

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from recognizer.exchange import csv_png, idx, npz
from recognizer.exchange.entries import open_archive
from recognizer.exchange.limits import Limits
from recognizer.exchange.record import ExchangeError, Record, Records
from recognizer.models import Drawing, Label, ModelVersion

_BATCH = 300


@dataclass(frozen=True)
class Imported:
    """How many drawings are new, and how many existed already and were left unchanged."""

    created: int
    skipped: int


def import_drawings(
    file: IO[bytes],
    limits: Limits,
    *,
    by: AbstractBaseUser | None = None,
    approve: bool = False,
    progress: Callable[[str, int], None] = lambda stage, count: None,
) -> Imported:
    """Store the drawings of an exported file, whose format is detected.

    The whole file is read and checked before the first drawing is stored. Each contributor
    becomes an anonymous visitor. Drawings get no prediction, as none was served. A refused
    label stays refused.

    Args:
        file: must be seekable.
        by: the user who gives the labels and approves them.
        approve: approve labels that are approved in the file, in the name of `by`;
            otherwise they become suggestions.
        progress: called from time to time with "checked" or "stored" and a number.

    Raises:
        ExchangeError: something in the file is wrong; nothing was imported.
    """
    archive = open_archive(file, limits)
    known = frozenset(ModelVersion.objects.choices())
    _check(_records(archive, limits, known), lambda count: progress("checked", count))
    created = skipped = 0
    records = (record for _, record in _records(archive, limits, known))
    try:
        with transaction.atomic():
            while batch := list(islice(records, _BATCH)):
                new = _store(batch, by, approve)
                created, skipped = created + new, skipped + len(batch) - new
                progress("stored", created + skipped)
    except IntegrityError:
        raise ExchangeError(
            "The same drawings were stored by somebody else meanwhile; please try again."
        ) from None
    return Imported(created, skipped)


def _records(archive: ZipFile, limits: Limits, known: frozenset[str]) -> Records:
    names = archive.namelist()
    for is_this, read in (
        (csv_png.is_csv_png, csv_png.read),
        (npz.is_npz, npz.read),
        (idx.is_idx, idx.read),
    ):
        if is_this(names):
            return read(archive, limits, known)
    raise ExchangeError(f"The file holds neither .npy arrays, nor {csv_png.TABLE}, nor IDX files.")


def _check(records: Records, progress: Callable[[int], None]) -> None:
    """Read and check every record.

    Raises:
        ExchangeError: something is wrong, there are no drawings, or an id occurs twice.
    """
    ids, count = bytearray(), 0
    for count, (_, record) in enumerate(records, start=1):
        ids += record.public_id.bytes
        if count % _BATCH == 0:
            progress(count)
    if not count:
        raise ExchangeError("The file holds no drawings.")
    progress(count)
    unique, times = np.unique(np.frombuffer(ids, ">u8").reshape(-1, 2), axis=0, return_counts=True)
    if len(unique) != count:
        twice = unique[times > 1][0].tobytes().hex()
        raise ExchangeError(f"The id {twice} is there twice.")


def _store(batch: list[Record], by: AbstractBaseUser | None, approve: bool) -> int:
    """Create the drawings that are new; return how many."""
    ids = [record.public_id for record in batch]
    existing = set(Drawing.objects.filter(public_id__in=ids).values_list("public_id", flat=True))
    new = [record for record in batch if record.public_id not in existing]
    drawings = Drawing.objects.bulk_create([_drawing(record) for record in new])
    for drawing, record in zip(drawings, new, strict=True):
        drawing.created_at = record.created_at  # `bulk_create` set it to now
    Drawing.objects.bulk_update(drawings, ["created_at"], batch_size=_BATCH)
    Label.objects.bulk_create(_labels(drawings, new, by, approve))
    return len(new)


def _drawing(record: Record) -> Drawing:
    return Drawing(
        public_id=record.public_id,
        visitor=record.contributor,
        source=record.source,
        width=record.width,
        height=record.height,
        ink=record.ink,
        picture=record.picture,
        bitmap=record.bitmap,
    )


def _labels(
    drawings: list[Drawing], records: list[Record], by: AbstractBaseUser | None, approve: bool
) -> Iterator[Label]:
    given = {"given_by_id": by.pk if by else None}
    decided = {"decided_by_id": given["given_by_id"], "decided_at": timezone.now()}
    for drawing, record in zip(drawings, records, strict=True):
        if not record.label:
            continue
        state = record.state
        if state == Label.State.APPROVED and not approve:
            state = Label.State.SUGGESTED
        further = {} if state == Label.State.SUGGESTED else decided
        yield Label(drawing=drawing, value=record.label, state=state, **given, **further)
