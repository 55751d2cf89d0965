"""Everything in one NPZ file, which `ml.data.dataset.load_set` reads too.

It adds these arrays to those described in `ml/data/dataset.py` (labels, writers, label_states,
points, stroke_len, sample_len, canvas, bitmaps), for n drawings, p points and b bytes:

    public_ids   (n,) UUIDs as text
    created_at   (n,) datetime64 in microseconds, UTC
    times        (p,) int32 milliseconds of each point, -1 where unknown
    pictures     (b,) uint8 the PNG files of the pictures, concatenated
    picture_len  (n,) length of each in bytes; 0 for a drawing made of strokes
"""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np

from ml.contract import IMAGE_SIZE
from ml.drawing.strokes import MAX_POINTS, MAX_STROKES, unpack_ink
from recognizer.exchange.limits import Limits
from recognizer.exchange.npy import Column, StoredArray
from recognizer.exchange.record import (
    MOST_PICTURE_BYTES,
    ExchangeError,
    Record,
    Records,
    checked_bitmap,
    checked_label,
    checked_picture,
    checked_time,
    named,
    packed_strokes,
    parsed_uuid,
)
from recognizer.exchange.zip_stream import ZipStream
from recognizer.models import Drawing

_BATCH = 200

_LAYOUT: dict[str, tuple[str, str, tuple[int, ...]]] = {
    # name: the dtype written, the dtype kinds accepted, the shape of a row
    "labels": ("<U16", "U", ()),
    "label_states": ("<U10", "U", ()),
    "writers": ("<U36", "U", ()),
    "public_ids": ("<U36", "U", ()),
    "created_at": ("<M8[us]", "M", ()),
    "canvas": ("<u4", "iu", (2,)),
    "bitmaps": ("|u1", "u", (IMAGE_SIZE, IMAGE_SIZE)),
    "sample_len": ("<u4", "iu", ()),
    "stroke_len": ("<u4", "iu", ()),
    "points": ("<f8", "f", (2,)),
    "times": ("<i4", "i", ()),
    "picture_len": ("<u4", "iu", ()),
    "pictures": ("|u1", "u", ()),
}
_ONE_A_STROKE, _ONE_A_POINT, _BYTES = "stroke_len", ("points", "times"), "pictures"
_ONE_A_DRAWING = [name for name in _LAYOUT if name not in {_ONE_A_STROKE, *_ONE_A_POINT, _BYTES}]

Arrays = dict[str, StoredArray]


def write(records: Iterator[Record]) -> Iterator[bytes]:
    """The NPZ file of these drawings, in pieces. They are first collected on disk."""
    columns = {name: Column(dtype, *shape) for name, (dtype, _, shape) in _LAYOUT.items()}
    while batch := list(islice(records, _BATCH)):
        _add(columns, batch)
    archive = ZipStream()
    for name, column in columns.items():
        yield from archive.large(f"{name}.npy", column.content())
    yield from archive.close()


def _add(columns: dict[str, Column], batch: list[Record]) -> None:
    columns["labels"].add([record.label for record in batch])
    columns["label_states"].add([record.state for record in batch])
    columns["writers"].add([str(record.contributor) for record in batch])
    columns["public_ids"].add([str(record.public_id) for record in batch])
    columns["created_at"].add(
        [record.created_at.astimezone(UTC).replace(tzinfo=None) for record in batch]
    )
    columns["canvas"].add([(record.width, record.height) for record in batch])
    columns["bitmaps"].add(np.frombuffer(b"".join(record.bitmap for record in batch), np.uint8))
    columns["picture_len"].add([len(record.picture or b"") for record in batch])
    pictures = b"".join(record.picture or b"" for record in batch)
    columns["pictures"].add(np.frombuffer(pictures, np.uint8))
    for record in batch:
        strokes = unpack_ink(record.ink).strokes if record.ink is not None else ()
        columns["sample_len"].add([len(strokes)])
        columns["stroke_len"].add([len(stroke) for stroke in strokes])
        for stroke in strokes:
            columns["points"].add(stroke[:, :2])
            columns["times"].add(stroke[:, 2])


def is_npz(names: Iterable[str]) -> bool:
    """Whether these are the entries of an NPZ file."""
    return any(name.endswith(".npy") for name in names)


def read(archive: zipfile.ZipFile, limits: Limits, known: frozenset[str]) -> Records:
    """The drawings of an NPZ file that `write` wrote, checked one by one.

    Raises:
        ExchangeError: something is missing, left over or wrong.
    """
    arrays = _open(archive)
    count = arrays["labels"].left
    if count > limits.drawings:
        raise ExchangeError(
            f"The file holds {count:,} drawings; at most {limits.drawings:,} are imported at once."
        )
    for name in _ONE_A_DRAWING:
        if arrays[name].left != count:
            raise ExchangeError(f"{name}.npy has {arrays[name].left} rows, labels.npy {count}.")
    for index in range(count):
        where = f"drawing {index}"
        with named(where):
            record = _record(arrays, known)
        yield where, record
    for rows in arrays.values():
        rows.finish()


def _open(archive: zipfile.ZipFile) -> Arrays:
    wanted, found = {f"{name}.npy" for name in _LAYOUT}, set(archive.namelist())
    if missing := sorted(wanted - found):
        raise ExchangeError(f"The file lacks {', '.join(missing)}.")
    if further := sorted(found - wanted):
        raise ExchangeError(f"The file holds {further[0]!r}, which does not belong there.")
    return {
        name: StoredArray(archive, f"{name}.npy", kinds, *shape)
        for name, (_, kinds, shape) in _LAYOUT.items()
    }


def _record(arrays: Arrays, known: frozenset[str]) -> Record:
    row: dict[str, Any] = {name: arrays[name].take(1)[0] for name in _ONE_A_DRAWING}
    strokes, picture_len = int(row["sample_len"]), int(row["picture_len"])
    width, height = (int(side) for side in row["canvas"])
    if (strokes > 0) == (picture_len > 0):
        raise ExchangeError("It must have either strokes or a picture.")
    label, state = checked_label(str(row["labels"]), str(row["label_states"]), known)
    return Record(
        public_id=parsed_uuid(str(row["public_ids"]), "The id"),
        created_at=_time(row["created_at"]),
        contributor=parsed_uuid(str(row["writers"]), "The writer"),
        source=Drawing.Source.CANVAS if strokes else Drawing.Source.IMAGE,
        width=width,
        height=height,
        ink=packed_strokes(_strokes(arrays, strokes), width, height) if strokes else None,
        picture=_picture(arrays, picture_len, width, height) if picture_len else None,
        bitmap=checked_bitmap(row["bitmaps"].tobytes()),
        label=label,
        state=state,
    )


def _strokes(arrays: Arrays, count: int) -> list[list[list[float]]]:
    if count > MAX_STROKES:
        raise ExchangeError(f"{count} strokes; at most {MAX_STROKES} are read.")
    lengths = arrays[_ONE_A_STROKE].take(count).tolist()
    if sum(lengths) > MAX_POINTS or min(lengths) < 1:
        raise ExchangeError(f"A stroke without points, or more than {MAX_POINTS} points.")
    strokes = []
    for length in lengths:
        points = arrays["points"].take(length).astype(np.float64)
        times = arrays["times"].take(length).astype(np.float64)
        strokes.append(np.column_stack([points, times]).tolist())
    return strokes


def _picture(arrays: Arrays, length: int, width: int, height: int) -> bytes:
    if length > MOST_PICTURE_BYTES:
        raise ExchangeError(f"The picture is over {MOST_PICTURE_BYTES:,} bytes.")
    return checked_picture(arrays[_BYTES].take(length).tobytes(), width, height)


def _time(moment: np.datetime64) -> datetime:
    try:
        value = moment.astype("M8[us]").item()
    except (ValueError, TypeError, OverflowError):
        value = None
    return checked_time(value.replace(tzinfo=UTC) if isinstance(value, datetime) else None)
