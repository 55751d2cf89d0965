"""Versions' files, checked by their SHA-256; from a bucket each is fetched once and kept here."""

import contextlib
import hashlib
import logging
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from ml.reading.inference import ArtifactError
from recognizer.backing.storage import on_this_host

MOST_KEPT = 60
"""Files; the least recently used go first. Three of them are a version."""

logger = logging.getLogger(__name__)


def read(name: str | None, sha256: str, what: str) -> bytes:
    """A version's file, from this host if it has been fetched before.

    Args:
        name: as its row has it.
        what: "The artifact of version 3", for the message of an error.

    Raises:
        ArtifactError: it is missing, or not the one that was registered.
        OSError: it cannot be read.
    """
    if on_this_host():
        return fetch(name, sha256, what)
    kept = _folder() / sha256
    with contextlib.suppress(OSError):
        content = kept.read_bytes()
        if hashlib.sha256(content).hexdigest() == sha256:
            kept.touch()
            return content
    content = fetch(name, sha256, what)
    _keep(kept, content)
    return content


def fetch(name: str | None, sha256: str, what: str) -> bytes:
    """The same, straight from the storage: as any other host would find it.

    Raises:
        ArtifactError, OSError: as `read`.
    """
    try:
        with default_storage.open(name or "") as stored:
            content: bytes = stored.read()
    except FileNotFoundError:
        raise ArtifactError(f"{what} is missing: {name}.") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactError(f"{what} has a wrong SHA-256.")
    return content


def _keep(kept: Path, content: bytes) -> None:
    """Under its name at once and whole: other processes may look for it just now."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as unfinished:
            try:
                unfinished.write(content)
                unfinished.flush()
                Path(unfinished.name).replace(kept)
            except OSError:
                Path(unfinished.name).unlink()
                raise
        _remove_oldest(kept.parent)
    except OSError as error:
        logger.warning("A file from the storage cannot be kept here: %s", error)


def _remove_oldest(folder: Path) -> None:
    used: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process removed it
            used.append((path.stat().st_mtime, path))
    for _, path in sorted(used, reverse=True)[MOST_KEPT:]:
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "fetched"
