"""MNIST's format: a ZIP file with one IDX file of 28x28 images and one of digits.

It holds nothing else, so only drawings labelled with a digit are written. A round trip keeps the
bitmap and the digit exactly; the drawing comes back as a picture of 28x28 pixels.

Source: LeCun, Cortes and Burges, "The MNIST database", file formats.
"""

import hashlib
import struct
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from django.utils import timezone

from ml.contract import DIGITS, IMAGE_SIZE, Picture
from recognizer.drawings.recognition import drawn_columns
from recognizer.exchange.entries import reading
from recognizer.exchange.limits import Limits
from recognizer.exchange.record import (
    BITMAP_BYTES,
    ExchangeError,
    Record,
    Records,
    checked_bitmap,
    checked_label,
    named,
)
from recognizer.exchange.zip_stream import ZipStream, from_the_start
from recognizer.models import Label

IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
"""The ends of the two entries' names; MNIST's own begin with "train-" or "t10k-"."""

_IMAGES_HEAD, _LABELS_HEAD = struct.Struct(">4L"), struct.Struct(">2L")
_IMAGES_MAGIC, _LABELS_MAGIC = 0x0803, 0x0801


def write(records: Iterator[Record]) -> Iterator[bytes]:
    """The ZIP file of the drawings labelled with a digit, in pieces."""
    count = 0
    with TemporaryFile() as images, TemporaryFile() as labels:
        for record in records:
            if record.label in DIGITS and record.state != Label.State.REFUSED:
                images.write(record.bitmap)
                labels.write(bytes([int(record.label)]))
                count += 1
        archive = ZipStream()
        head = _IMAGES_HEAD.pack(_IMAGES_MAGIC, count, IMAGE_SIZE, IMAGE_SIZE)
        yield from archive.large(IMAGES, _content(head, images))
        head = _LABELS_HEAD.pack(_LABELS_MAGIC, count)
        yield from archive.large(LABELS, _content(head, labels))
        yield from archive.close()


def _content(head: bytes, file: IO[bytes]) -> Iterator[bytes]:
    yield head
    yield from from_the_start(file)


def is_idx(names: Iterable[str]) -> bool:
    """Whether one of these entries is an IDX file."""
    return any(name.endswith((IMAGES, LABELS)) for name in names)


def read(archive: zipfile.ZipFile, limits: Limits, known: frozenset[str]) -> Records:
    """The images of a pair of IDX files as pictures, with their digits as approved labels.

    The same files give the same ids, so importing them twice adds nothing.

    Raises:
        ExchangeError: something is missing, left over or wrong.
    """
    images_name, labels_name = _names(archive)
    digest = _digest(archive, images_name, labels_name)
    contributor, now = uuid.uuid5(uuid.NAMESPACE_OID, digest), timezone.now()
    with _opened(archive, images_name) as images, _opened(archive, labels_name) as labels:
        count = _count(archive, images, labels)
        if count > limits.drawings:
            raise ExchangeError(
                f"The file holds {count:,} images; at most {limits.drawings:,} are imported"
                " at once."
            )
        for index in range(count):
            where = f"image {index}"
            with reading(images_name):
                bitmap = images.read(BITMAP_BYTES)
            with reading(labels_name):
                digit = labels.read(1)
            with named(where):
                label, state = checked_label(_digit(digit), Label.State.APPROVED, known)
                pixels = np.frombuffer(checked_bitmap(bitmap), np.uint8)
            picture = Picture(pixels.reshape(IMAGE_SIZE, IMAGE_SIZE))
            yield (
                where,
                Record(
                    public_id=uuid.uuid5(contributor, str(index)),
                    created_at=now,
                    contributor=contributor,
                    bitmap=bitmap,
                    label=label,
                    state=state,
                    **{"ink": None, **drawn_columns(picture)},
                ),
            )


def _names(archive: zipfile.ZipFile) -> tuple[str, str]:
    names = archive.namelist()
    pair = [[name for name in names if name.endswith(end)] for end in (IMAGES, LABELS)]
    if len(names) != 2 or [len(found) for found in pair] != [1, 1]:
        raise ExchangeError(
            f"Expected two entries, one named …{IMAGES} and one …{LABELS}, not"
            f" {', '.join(map(repr, sorted(names)[:4]))}."
        )
    return pair[0][0], pair[1][0]


def _digest(archive: zipfile.ZipFile, *names: str) -> str:
    """The SHA-256 of the entries. Reading them whole also verifies their checksums."""
    digest = hashlib.sha256()
    for name in names:
        with reading(name), archive.open(name) as file:
            for piece in from_the_start(file):
                digest.update(piece)
    return digest.hexdigest()


def _opened(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    with reading(name):
        return archive.open(name)


def _count(archive: zipfile.ZipFile, images: IO[bytes], labels: IO[bytes]) -> int:
    """The number of images in the headers, checked against the size of the files."""
    image_count, rows, columns = _head(images, _IMAGES_HEAD, _IMAGES_MAGIC)
    (label_count,) = _head(labels, _LABELS_HEAD, _LABELS_MAGIC)
    if (rows, columns) != (IMAGE_SIZE, IMAGE_SIZE):
        raise ExchangeError(f"{images.name}: {rows} x {columns} pixels, not 28 x 28.")
    if image_count != label_count:
        raise ExchangeError(f"{image_count} images but {label_count} labels.")
    for file, head, each in ((images, _IMAGES_HEAD, BITMAP_BYTES), (labels, _LABELS_HEAD, 1)):
        expected = head.size + image_count * each
        held = archive.getinfo(file.name).file_size
        if held != expected:
            raise ExchangeError(f"{file.name} has {held} bytes; its head says {expected}.")
    return image_count


def _head(file: IO[bytes], head: struct.Struct, magic: int) -> tuple[int, ...]:
    with reading(file.name):
        raw = file.read(head.size)
    if len(raw) < head.size:
        raise ExchangeError(f"{file.name} is cut off.")
    found, *numbers = head.unpack(raw)
    if found != magic:
        raise ExchangeError(f"{file.name} begins with {found:#010x}, not {magic:#010x}.")
    return tuple(numbers)


def _digit(content: bytes) -> str:
    if not content or content[0] >= len(DIGITS):
        raise ExchangeError(f"The label is {content[:1].hex() or 'missing'}, not a digit.")
    return DIGITS[content[0]]
