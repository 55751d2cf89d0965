"""Everything in a ZIP file that other programs can open: a CSV file and PNG files.

drawings.csv        one line per drawing; `strokes` is JSON, [[[x, y, t], …], …], t where known
bitmaps/ID.png      the 28x28 pixels that the model saw
pictures/ID.png     the picture, if the drawing was uploaded as one
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

import msgspec
import numpy as np

from ml.contract import IMAGE_SIZE, Ink
from ml.drawing.strokes import MAX_POINTS, UNKNOWN_TIME, unpack_ink
from recognizer.exchange.entries import reading, whole
from recognizer.exchange.limits import Limits
from recognizer.exchange.record import (
    MOST_PICTURE_BYTES,
    ExchangeError,
    Record,
    Records,
    checked_bitmap,
    checked_label,
    checked_picture,
    checked_source,
    checked_time,
    decoded_png,
    named,
    packed_strokes,
    parsed_uuid,
)
from recognizer.exchange.zip_stream import ZipStream, from_the_start
from recognizer.models import Drawing
from recognizer.models.drawing import bitmap_png

TABLE = "drawings.csv"
COLUMNS = "id created_at contributor source width height label state bitmap picture strokes".split()
_MOST_BITMAP_BYTES = 10_000
_LONGEST_LINE = MAX_POINTS * len("[10000.00,10000.00,2147483647],") + 10_000
csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))


def write(records: Iterator[Record]) -> Iterator[bytes]:
    """The ZIP file of these drawings, in pieces; the table comes last."""
    archive = ZipStream()
    with TemporaryFile() as table:
        lines = io.TextIOWrapper(table, "utf-8", newline="", write_through=True)
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for record in records:
            bitmap, picture = f"bitmaps/{record.public_id}.png", ""
            yield from archive.small(bitmap, bitmap_png(record.bitmap))
            if record.picture is not None:
                picture = f"pictures/{record.public_id}.png"
                yield from archive.small(picture, record.picture)
            writer.writerow(_row(record, bitmap, picture))
        yield from archive.large(TABLE, from_the_start(table))
        lines.detach()
    yield from archive.close()


def _row(record: Record, bitmap: str, picture: str) -> list[Any]:
    strokes = "" if record.ink is None else _as_json(unpack_ink(record.ink))
    return [
        *(record.public_id, record.created_at.isoformat(), record.contributor, record.source),
        *(record.width, record.height, record.label, record.state, bitmap, picture, strokes),
    ]


def _as_json(ink: Ink) -> str:
    strokes = [
        [[x, y] if t == UNKNOWN_TIME else [x, y, int(t)] for x, y, t in stroke.tolist()]
        for stroke in ink.strokes
    ]
    return msgspec.json.encode(strokes).decode()


def is_csv_png(names: Iterable[str]) -> bool:
    """Whether the table is among these entries."""
    return TABLE in names


def read(archive: zipfile.ZipFile, limits: Limits, known: frozenset[str]) -> Records:
    """The drawings of a ZIP file that `write` wrote, checked line by line.

    Raises:
        ExchangeError: something is missing, left over or wrong.
    """
    unused = set(archive.namelist()) - {TABLE}
    for index, (line, cells) in enumerate(_lines(archive)):
        if index >= limits.drawings:
            raise ExchangeError(f"At most {limits.drawings:,} drawings are imported at once.")
        where = f"{TABLE}, line {line}"
        with named(where):
            record = _record(archive, cells, unused, known)
        yield where, record
    if unused:
        raise ExchangeError(f"No line of {TABLE} names the entry {min(unused)!r}.")


def _lines(archive: zipfile.ZipFile) -> Iterator[tuple[int, dict[str, str]]]:
    with reading(TABLE):
        stream = archive.open(TABLE)
    lines = csv.reader(_short(io.TextIOWrapper(stream, "utf-8-sig", newline="")), strict=True)
    head = _next(lines)
    if head != COLUMNS:
        raise ExchangeError(f"{TABLE}, line 1: expected {','.join(COLUMNS)}.")
    while (cells := _next(lines)) is not None:
        if len(cells) != len(COLUMNS):
            raise ExchangeError(
                f"{TABLE}, line {lines.line_num}: {len(cells)} cells, not {len(COLUMNS)}."
            )
        yield lines.line_num, dict(zip(COLUMNS, cells, strict=True))


def _short(lines: io.TextIOWrapper) -> Iterator[str]:
    while line := lines.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error("the line is too long")
        yield line


def _next(lines: Any) -> list[str] | None:
    where = f"{TABLE}, line {lines.line_num + 1}"
    try:
        with reading(where):
            cells: list[str] | None = next(lines, None)
    except csv.Error as error:
        raise ExchangeError(f"{where}: {error}.") from None
    return cells


def _record(
    archive: zipfile.ZipFile, cells: dict[str, str], unused: set[str], known: frozenset[str]
) -> Record:
    source = checked_source(cells["source"])
    is_ink = source == Drawing.Source.CANVAS
    width, height = _side(cells["width"], "width"), _side(cells["height"], "height")
    if is_ink != bool(cells["strokes"]) or is_ink == bool(cells["picture"]):
        raise ExchangeError("A canvas has strokes and no picture; a picture has no strokes.")
    label, state = checked_label(cells["label"], cells["state"], known)
    return Record(
        public_id=parsed_uuid(cells["id"], "The id"),
        created_at=checked_time(_time(cells["created_at"])),
        contributor=parsed_uuid(cells["contributor"], "The contributor"),
        source=source,
        width=width,
        height=height,
        ink=packed_strokes(_strokes(cells["strokes"]), width, height) if is_ink else None,
        picture=None if is_ink else _picture(archive, cells["picture"], unused, (width, height)),
        bitmap=_bitmap(archive, cells["bitmap"], unused),
        label=label,
        state=state,
    )


def _side(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) >= 1):
        raise ExchangeError(f"The {name} {text[:20]!r} is not a number of pixels.")
    return int(text)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ExchangeError(f"{text[:40]!r} is not a time.") from None


def _strokes(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ExchangeError(f"The strokes are not JSON: {error}.") from None


def _bitmap(archive: zipfile.ZipFile, name: str, unused: set[str]) -> bytes:
    pixels = _png(archive, name, unused, _MOST_BITMAP_BYTES)
    with named(name):
        decoded = decoded_png(pixels)
        if decoded.shape != (IMAGE_SIZE, IMAGE_SIZE):
            raise ExchangeError(f"The bitmap is not {IMAGE_SIZE} x {IMAGE_SIZE} pixels.")
        return checked_bitmap(np.ascontiguousarray(decoded).tobytes())


def _picture(archive: zipfile.ZipFile, name: str, unused: set[str], size: tuple[int, int]) -> bytes:
    content = _png(archive, name, unused, MOST_PICTURE_BYTES)
    with named(name):
        return checked_picture(content, *size)


def _png(archive: zipfile.ZipFile, name: str, unused: set[str], most_bytes: int) -> bytes:
    if name not in unused:
        raise ExchangeError(f"The entry {name[:100]!r} is missing, or is named twice.")
    unused.discard(name)
    return whole(archive, name, most_bytes)
