"""Checks of an untrusted ZIP file before its entries are unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from recognizer.exchange.limits import Limits
from recognizer.exchange.record import ExchangeError

_ENTRIES_A_DRAWING = 2
_FURTHER_ENTRIES = 20
_ENCRYPTED = 0x01
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, ValueError),
)


def open_archive(file: IO[bytes], limits: Limits) -> zipfile.ZipFile:
    """Open a ZIP file whose entries are safe to unpack.

    `zipfile` never unpacks more of an entry than the size in the directory, so these
    sizes are enough to detect a ZIP bomb.

    Raises:
        ExchangeError: it is not a ZIP file, or the file or an entry is damaged or too large.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (*_DAMAGED, NotImplementedError) as error:
        raise ExchangeError(f"The file is not a whole ZIP file: {error}") from None
    entries = archive.infolist()
    if len(entries) > _ENTRIES_A_DRAWING * limits.drawings + _FURTHER_ENTRIES:
        raise ExchangeError(f"The file holds {len(entries):,} entries: too many.")
    names = set()
    for entry in entries:
        _check(entry)
        if entry.filename in names:
            raise ExchangeError(f"The entry {entry.filename!r} is there twice.")
        names.add(entry.filename)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise ExchangeError(
            f"The file unpacks to {unpacked:,} bytes;"
            f" at most {limits.unpacked_bytes:,} are imported at once."
        )
    return archive


def _check(entry: zipfile.ZipInfo) -> None:
    shown = repr(entry.filename[:100])
    parts = entry.filename.split("/")
    if entry.is_dir() or "\\" in entry.filename or not all(parts) or {".", ".."} & set(parts):
        raise ExchangeError(f"The entry {shown} has a path name that is not taken.")
    if entry.flag_bits & _ENCRYPTED:
        raise ExchangeError(f"The entry {shown} is encrypted.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ExchangeError(f"The entry {shown} is compressed in a way that is not taken.")


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn errors from damaged bytes into an ExchangeError that names the entry."""
    try:
        yield
    except ExchangeError:
        raise
    except _DAMAGED as error:
        raise ExchangeError(f"{name} is damaged: {error}") from None
    except (NotImplementedError, RuntimeError, KeyError) as error:
        raise ExchangeError(f"{name} cannot be read: {error}") from None


def whole(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    """The bytes of a small entry.

    Raises:
        ExchangeError: the entry is missing, too large or damaged.
    """
    with reading(name):
        if archive.getinfo(name).file_size > most_bytes:
            raise ExchangeError(f"{name} is over {most_bytes:,} bytes.")
        return archive.read(name)
