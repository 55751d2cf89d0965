"""A backup file: a ZIP with the database, the versions' files and a manifest.

The manifest is the last entry, so a truncated file has none.
"""

import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, STORED = "manifest.json", "files/"

_PIECE_BYTES = 1 << 20
_NAME = re.compile(r"models/\d{5,}/[\w.-]+")
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(LookupError, TypeError, ValueError, RuntimeError),
)


class BackupError(Exception):
    """A backup cannot be made or restored; the message says why."""


class NotEmptyError(BackupError):
    """The site to restore into has already been used."""


@dataclass(frozen=True)
class Entry:
    """One file in the archive."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, and what is needed to restore it.

    kind        "sqlite" or "postgresql"
    migrations  all applied migrations, as [app, name]
    counts      numbers of drawings, versions and accounts, for people to read
    missing     versions' files that could not be read when the backup was made
    """

    made_at: str
    kind: str
    database: str
    migrations: list[list[str]]
    counts: dict[str, int]
    missing: list[str]
    entries: list[Entry]
    format: int = field(default=FORMAT)


class Writer:
    """Adds entries and collects their sizes and checksums for the manifest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.entries: list[Entry] = []

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        digest, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=True) as entry:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                entry.write(piece)
        self.entries.append(Entry(name, size, digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        self._zip.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        self.close()

    def close(self) -> None:
        """Close the file, even if it is not finished."""
        self._zip.close()


class Reader:
    """Opens an archive and checks every byte.

    Raises:
        BackupError: it is not a backup, is truncated or differs from its manifest.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = _read_manifest(self._zip.read(MANIFEST))
            self._check()
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error
        except _BROKEN as error:
            raise BackupError(
                f"{path} is no backup, or is damaged or cut off ({error}). Nothing was changed."
            ) from error

    def stored(self) -> list[Entry]:
        """The versions' files."""
        return [entry for entry in self.manifest.entries if entry.name.startswith(STORED)]

    def content(self, entry: Entry) -> bytes:
        return self._zip.read(entry.name)

    def extract_database(self, path: Path) -> None:
        with self._zip.open(self.manifest.database) as entry, path.open("wb") as file:
            for piece in pieces_of(entry):
                file.write(piece)

    def _check(self) -> None:
        entries = self.manifest.entries
        names = sorted(entry.name for entry in entries)
        if sorted([*names, MANIFEST]) != sorted(self._zip.namelist()):
            raise ValueError("its entries are not those of its manifest")
        if self.manifest.database not in names:
            raise ValueError("it has no database")
        for entry in entries:
            if entry.name != self.manifest.database and not _NAME.fullmatch(
                entry.name.removeprefix(STORED)
            ):
                raise ValueError(f"{entry.name} is no file of a version")
            digest = hashlib.sha256()
            with self._zip.open(entry.name) as file:
                for piece in pieces_of(file):
                    digest.update(piece)
            if digest.hexdigest() != entry.sha256:
                raise ValueError(f"{entry.name} has a wrong SHA-256")


def pieces_of(file: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: file.read(_PIECE_BYTES), b"")


def _read_manifest(content: bytes) -> Manifest:
    read: dict[str, Any] = json.loads(content)
    if read["format"] != FORMAT:
        raise ValueError(f"its format {read['format']} is not known here, but {FORMAT} is")
    entries = [Entry(**entry) for entry in read.pop("entries")]
    return Manifest(**read, entries=entries)
