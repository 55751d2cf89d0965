"""A drawing to export or import, and the checks that every format shares."""

import io
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from PIL import Image

from ml.contract import IMAGE_SIZE, Greyscale, Ink, InkError
from ml.drawing.strokes import pack_ink, parse_strokes
from recognizer.models import Drawing, Label

BITMAP_BYTES = IMAGE_SIZE * IMAGE_SIZE
MOST_PICTURE_BYTES = 4_000_000
MOST_PICTURE_SIDE_PX = 2_000


class ExchangeError(ValueError):
    """A file cannot be imported; the message names the line or entry and the problem."""


@contextmanager
def named(where: str) -> Iterator[None]:
    """Add the place in the file to an ExchangeError."""
    try:
        yield
    except ExchangeError as error:
        raise ExchangeError(f"{where}: {error}") from None


@dataclass(frozen=True, eq=False)
class Record:
    """A drawing as stored, with its label and a pseudonym of its contributor.

    `label` and `state` are "" for a drawing without a label.
    """

    public_id: uuid.UUID
    created_at: datetime
    contributor: uuid.UUID
    source: str
    width: int
    height: int
    ink: bytes | None
    picture: bytes | None
    bitmap: bytes
    label: str
    state: str


Records = Iterator[tuple[str, Record]]
"""The records of a file, each with its place in the file ("line 7")."""


def packed_strokes(raw: Any, width: int, height: int) -> bytes:
    """Strokes from a file, checked like those from a browser and packed for storage.

    Raises:
        ExchangeError: they could not have been drawn on a canvas of that size.
    """
    try:
        ink: Ink = parse_strokes(raw, width, height)
    except InkError as error:
        raise ExchangeError(str(error)) from None
    if not ink.strokes or len(ink.strokes) != len(raw):
        raise ExchangeError("A stroke without points, or no stroke at all.")
    return pack_ink(ink)


def checked_picture(content: bytes, width: int, height: int) -> bytes:
    """Return the bytes if they are a greyscale PNG of that size.

    Raises:
        ExchangeError: they are something else, or damaged.
    """
    if max(width, height) > MOST_PICTURE_SIDE_PX:
        raise ExchangeError(f"A picture is at most {MOST_PICTURE_SIDE_PX} pixels a side.")
    pixels = decoded_png(content)
    if pixels.shape != (height, width):
        raise ExchangeError(
            f"The picture is {pixels.shape[1]} x {pixels.shape[0]} pixels, not {width} x {height}."
        )
    return content


def decoded_png(content: bytes) -> Greyscale:
    """The pixels of a greyscale PNG, (height, width) uint8.

    Raises:
        ExchangeError: it is something else, damaged or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            Image.open(io.BytesIO(content), formats=["PNG"]).verify()
            image = Image.open(io.BytesIO(content), formats=["PNG"])
        # The header holds the size, so a bomb is refused before it is decoded.
        fits = image.mode == "L" and max(image.size) <= MOST_PICTURE_SIDE_PX
        pixels = np.asarray(image) if fits else None
    except Image.DecompressionBombError:
        pixels = None
    except Exception:  # noqa: BLE001  Pillow's decoders raise anything for damaged bytes
        raise ExchangeError("The PNG is damaged, or no PNG.") from None
    if pixels is None:
        raise ExchangeError(
            f"Not an 8-bit greyscale PNG of at most {MOST_PICTURE_SIDE_PX} pixels a side."
        )
    return pixels


def checked_bitmap(content: bytes) -> bytes:
    """Return the bytes if they are a 28x28 bitmap with ink.

    Raises:
        ExchangeError: their number is not 784, or all are zero.
    """
    if len(content) != BITMAP_BYTES:
        raise ExchangeError(f"The bitmap is not {IMAGE_SIZE} x {IMAGE_SIZE}.")
    if not any(content):
        raise ExchangeError("The bitmap is blank.")
    return content


def checked_label(label: str, state: str, known: frozenset[str]) -> tuple[str, str]:
    """Return a valid label and its state, or two empty strings.

    Raises:
        ExchangeError: the label or state is unknown, or one of them is missing.
    """
    if not label and not state:
        return label, state
    if label not in known:
        raise ExchangeError(f"There is no label {label!r}.")
    if state not in Label.State.values:
        raise ExchangeError(f"There is no state {state!r}.")
    return label, state


def checked_source(source: str) -> str:
    """Return the source.

    Raises:
        ExchangeError: it is not a source of drawings.
    """
    if source not in Drawing.Source.values:
        raise ExchangeError(f"There is no source {source!r}.")
    return source


def parsed_uuid(text: str, what: str) -> uuid.UUID:
    """Parse a UUID, accepting only Python's spelling, so that each id has one spelling.

    Raises:
        ExchangeError: the text is not such a UUID.
    """
    try:
        value = uuid.UUID(text)
    except ValueError:
        value = uuid.UUID(int=0)
    if str(value) != text:
        raise ExchangeError(f"{what} {text[:60]!r} is not a UUID.")
    return value


def checked_time(moment: object) -> datetime:
    """The time in UTC.

    Raises:
        ExchangeError: it has no time zone, or its year is not 1970 to 2199.
    """
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ExchangeError("The time is not one with a time zone.")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ExchangeError("The time lies outside of the calendar.") from None
    if not 1970 <= moment.year < 2200:
        raise ExchangeError(f"The time {moment.isoformat()} lies outside of 1970 to 2199.")
    return moment
