"""Replace the site's data with a backup: all of it, or nothing.

Missing files are stored first, then the database is loaded in one transaction, and last the files
that differ are replaced. If a restore is interrupted, running it again completes it.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.migrations.loader import MigrationLoader

from recognizer.backups import databases, engines
from recognizer.backups.archive import (
    STORED,
    BackupError,
    Entry,
    Manifest,
    NotEmptyError,
    Reader,
)


def restore(path: Path, say: Callable[[str], None], *, replace: bool = False) -> Manifest:
    """Restore a backup. The site must not be running, and the caller holds its lock.

    Args:
        say: reports progress.
        replace: restore even if the site has been used; all its data is lost.

    Raises:
        NotEmptyError: the site has been used, and `replace` is False.
        BackupError: the backup is damaged, of another kind of database or of a newer release.
    """
    say("Checking every byte of the backup.")
    backup = Reader(path)
    engine = engines.current()
    _make_sure_it_fits(backup.manifest, engine)
    engine.make_sure_nobody_else_uses_it()
    try:
        new, other = _compare(backup)
        if not replace and (other or not databases.is_empty()):
            raise NotEmptyError("Somebody has used this site. With --replace, all of it is lost.")
        say("Restoring.")
        _put(backup, engine, new)
        for entry in other:
            default_storage.delete(_name(entry))
            _store(backup, entry)
    except OSError as error:
        raise BackupError(f"The files of versions cannot be stored: {error}") from error
    return backup.manifest


def _put(backup: Reader, engine: engines.Engine, new: list[Entry]) -> None:
    stored: list[Entry] = []
    Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=settings.VAR_DIR, prefix=".restore-") as folder:
            database = Path(folder) / engine.FILE
            backup.extract_database(database)
            for entry in new:
                stored.append(entry)
                _store(backup, entry)
            engine.load(database)
    except BaseException:
        for entry in stored:
            default_storage.delete(_name(entry))
        raise


def _compare(backup: Reader) -> tuple[list[Entry], list[Entry]]:
    """The backup's files that are missing in the storage, and those that differ there."""
    new, other = [], []
    for entry in backup.stored():
        try:
            with default_storage.open(_name(entry)) as file:
                if file.read() != backup.content(entry):
                    other.append(entry)
        except FileNotFoundError:
            new.append(entry)
    return new, other


def _store(backup: Reader, entry: Entry) -> None:
    name = _name(entry)
    if default_storage.save(name, ContentFile(backup.content(entry))) != name:
        raise BackupError(f"{name} cannot be stored: something has that name.")


def _name(entry: Entry) -> str:
    """The entry's name in the storage."""
    return entry.name.removeprefix(STORED)


def _make_sure_it_fits(manifest: Manifest, engine: engines.Engine) -> None:
    if manifest.kind != engine.KIND:
        raise BackupError(
            f"It is of {manifest.kind}, and DATABASE_URL names {engine.KIND}."
            " export_drawings and import_drawings take drawings from one to the other."
        )
    known = MigrationLoader(None).disk_migrations
    newer = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if newer:
        raise BackupError(f"It was made by a newer release, with {newer[-1]}: install that first.")
