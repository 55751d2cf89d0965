"""Model files, checked by SHA-256. Files from a bucket are cached on this host."""

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
"""Files in the cache; the least recently used are removed. A version has three files."""

logger = logging.getLogger(__name__)


def load(name: str | None, sha256: str, what: str) -> bytes:
    """Read a version's file, from this host's cache if possible.

    Args:
        name: the file's name in the storage.
        what: how error messages name the file, such as "The artifact of version 3".

    Raises:
        ArtifactError: the file is missing, or differs from the registered one.
        OSError: the file cannot be read.
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
    _cache(kept, content)
    return content


def fetch(name: str | None, sha256: str, what: str) -> bytes:
    """Read a version's file from the storage, bypassing the cache.

    Raises:
        ArtifactError, OSError: as for `load`.
    """
    try:
        with default_storage.open(name or "") as stored:
            content: bytes = stored.read()
    except FileNotFoundError:
        raise ArtifactError(f"{what} is missing: {name}.") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactError(f"{what} has a wrong SHA-256.")
    return content


def _cache(kept: Path, content: bytes) -> None:
    """Cache a file atomically, since other processes may be reading it."""
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
