"""What a site needs before its first request; each step does nothing if it was done before."""

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q

from ml.reading.inference import ArtifactError
from recognizer.backing.storage import StorageAwayError
from recognizer.models import ModelVersion
from recognizer.registry.promotion import register_shipped_model
from recognizer.running.checks import NotReadyError, first_line

Say = Callable[[str], None]

_LOCK = 0x6877  # any number that nobody else takes in this database


@contextmanager
def one_host_at_a_time() -> Iterator[None]:
    """Of several hosts that start at once, one prepares the database that they share."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def migrate(say: Say) -> None:
    """Bring the database up to date.

    Raises:
        NotReadyError: it refuses.
    """
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            say(f"Applying {len(plan)} migrations to the database.")
            _wait_for_no_lock_long()
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise NotReadyError(f"The database cannot be migrated: {first_line(error)}") from error


def _wait_for_no_lock_long() -> None:
    """Rather fail, to be tried again: whoever comes after one that waits for a table waits too."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")


def collect_static(say: Say) -> None:
    """Gather the static files, if any changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    say("Collecting static files.")
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["tests"])
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)


def share_static(folder: Path, say: Say) -> None:
    """Lay the static files, under the names that hold their hash, beside those of other releases.

    Pages of one release ask for its files while web processes of another answer.

    Raises:
        NotReadyError: they were not collected, or cannot be stored there.
    """
    source, copied = Path(settings.STATIC_ROOT), 0
    try:
        for name in {*staticfiles_storage.hashed_files.values()}:  # type: ignore[attr-defined]
            for file in (source / name, source / f"{name}.gz"):
                copied += file.is_file() and _copy_new(file, folder / file.relative_to(source))
    except OSError as error:
        raise NotReadyError(f"Static files: {error}") from error
    say(f"Shared {copied} new static files.")


def _copy_new(file: Path, to: Path) -> bool:
    if to.exists():
        return False
    to.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: who asks just now must not get half of it.
    unfinished = to.with_name(f".{to.name}.new")
    shutil.copyfile(file, unfinished)
    unfinished.replace(to)
    return True


def register_model(say: Say) -> None:
    """Let the shipped model answer if no version does.

    Raises:
        NotReadyError: its files are missing or damaged.
    """
    if ModelVersion.objects.active() is not None:
        return
    try:
        version = register_shipped_model()
    except StorageAwayError as error:
        raise NotReadyError(f"STORAGE_URL: {first_line(error)}") from error
    except (OSError, ValueError, ArtifactError) as error:
        raise NotReadyError(
            f"The shipped model in ml/pretrained cannot be used: {first_line(error)}"
        ) from error
    say(f"Registered the shipped model as version {version.number}; it is active.")


def make_first_account(say: Say) -> None:
    """Make a superuser if nobody is staff; the password is shown this once."""
    users = get_user_model()._default_manager
    if users.filter(Q(is_staff=True) | Q(**{users.model.USERNAME_FIELD: "admin"})).exists():
        return
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    say("First staff account, for /admin/ (shown only this once):")
    say(f"    user name: admin    password: {password}")


def _static_fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
