"""Steps that prepare a site for its first request. Each is safe to repeat."""

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

_LOCK = 0x6877  # an arbitrary number that no other lock in this database uses


@contextmanager
def one_host_at_a_time() -> Iterator[None]:
    """Let only one host at a time prepare a shared database."""
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
    """Apply the missing migrations.

    Raises:
        NotReadyError: the database rejects a migration.
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
    """Fail early and retry: queries behind a migration that waits for a table would wait too."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")


def collect_static(say: Say) -> None:
    """Collect the static files if any have changed since the last start."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    say("Collecting static files.")
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["tests"])
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)


def share_static(folder: Path, say: Say) -> None:
    """Copy the hashed static files into a folder shared with other releases.

    During an update, a page of one release may request its files from another release.

    Raises:
        NotReadyError: the files were not collected, or cannot be copied.
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
    # A temporary name first, so that nobody is served half a file.
    unfinished = to.with_name(f".{to.name}.new")
    shutil.copyfile(file, unfinished)
    unfinished.replace(to)
    return True


def register_model(say: Say) -> None:
    """Register and promote the shipped model if no version is active.

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
    """Create a superuser if there is no staff account; print the password once."""
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
