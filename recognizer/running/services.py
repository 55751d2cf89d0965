"""Probes of the services that the site needs, used by the start checks and `/readyz`.

An error's message may name hosts, paths and accounts. It is for logs and terminals, not for
the public.
"""

import shutil
from functools import lru_cache

import redis
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from recognizer.backing import broker

_DATABASE_AWAY = (DatabaseError, InterfaceError, OSError)


class ServiceAwayError(Exception):
    """A service does not answer; the message is its client's error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error).strip() or type(error).__name__)


def probe_database() -> None:
    """Query one row from the database.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except _DATABASE_AWAY as error:
        raise ServiceAwayError(error) from error


def unapplied_migrations() -> int:
    """The number of migrations that are not applied yet.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except _DATABASE_AWAY as error:
        raise ServiceAwayError(error) from error
    return len(_shipped_migrations() - applied.keys())


@lru_cache(maxsize=1)
def _shipped_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def probe_redis(url: str, *, seconds: float) -> None:
    """Ping the server, and wait `seconds` for the answer.

    Raises:
        ServiceAwayError: the server does not answer.
    """
    try:
        with broker.connect(url, seconds=seconds) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise ServiceAwayError(error) from error


def probe_storage(*, by_writing: bool = False) -> None:
    """Look up a file in the storage of model files.

    Args:
        by_writing: instead list a folder, write a file and delete it.

    Raises:
        ServiceAwayError: the storage does not answer, or refuses.
    """
    try:
        if by_writing:
            default_storage.listdir("models")
            default_storage.delete(default_storage.save("can-be-written", ContentFile(b"yes")))
        else:
            default_storage.exists("look")
    except (OSError, ValueError) as error:  # ValueError: botocore, for an invalid address
        raise ServiceAwayError(error) from error


def free_disk_bytes() -> int:
    """The free space on the disk of VAR_DIR.

    Raises:
        ServiceAwayError: the folder does not exist.
    """
    try:
        return shutil.disk_usage(settings.VAR_DIR).free
    except OSError as error:
        raise ServiceAwayError(error) from error
