"""Write a backup while the site runs.

The database is copied first, from one snapshot. The files of its versions never change and are
never deleted, so they can be read after it.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone

from ml.reading.inference import ArtifactError
from recognizer.backing.whole_files import written_whole
from recognizer.backups import engines
from recognizer.backups.archive import STORED, BackupError, Manifest, Writer, pieces_of
from recognizer.registry import artifacts


@dataclass(frozen=True)
class Made:
    """A finished backup."""

    path: Path
    manifest: Manifest


def make(target: Path, say: Callable[[str], None], *, incomplete: bool = False) -> Made:
    """Write a backup to a file, or to a file named after the time in a folder.

    The file appears once it is complete; only its owner may read it.

    Args:
        say: reports progress.
        incomplete: leave out versions' files that are missing or damaged.

    Raises:
        BackupError: the backup cannot be made; no file is left behind.
    """
    now = timezone.now()
    path = target / f"backup-{now:%Y%m%d-%H%M%S}.zip" if target.is_dir() else target
    try:
        with (
            written_whole(path) as unfinished,
            TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder,
            os.fdopen(os.open(unfinished, _CREATE, 0o600), "wb") as file,
            contextlib.closing(Writer(file)) as writer,
        ):
            manifest = _write(writer, Path(folder), now, say, incomplete)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from error
    return Made(path, manifest)


_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _write(
    writer: Writer, folder: Path, now: datetime, say: Callable[[str], None], incomplete: bool
) -> Manifest:
    engine = engines.current()
    say("Copying the database.")
    dump = engine.dump(folder / engine.FILE)
    with dump.path.open("rb") as database:
        writer.add(engine.FILE, pieces_of(database))
    missing: list[str] = []
    for number, name, sha256 in dump.files:
        what = f"A file of version {number}"
        try:
            writer.add(STORED + name, [artifacts.fetch(name, sha256, what)])
        except ArtifactError as error:
            missing.append(str(error).removesuffix("."))
        except OSError as error:
            raise BackupError(f"{what}, {name}, cannot be read: {error}") from error
    if missing and not incomplete:
        listed = "; ".join(missing)
        raise BackupError(
            f"Not all that the versions need is there: {listed}."
            " With --incomplete, the backup is made without."
        )
    manifest = Manifest(
        made_at=now.isoformat(),
        kind=engine.KIND,
        database=engine.FILE,
        migrations=dump.migrations,
        counts=dump.counts,
        missing=missing,
        entries=writer.entries,
    )
    writer.finish(manifest)
    return manifest
