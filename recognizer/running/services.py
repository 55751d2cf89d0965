"""Asks each service that the site needs for one answer.

The start checks and `/readyz` ask here, each in its own words. What an error says may name
hosts, paths and accounts: it is for logs and terminals, not for strangers.
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
    """A service gives no answer; the message is what its client said."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error).strip() or type(error).__name__)


def probe_database() -> None:
    """Ask the database for one row.

    Raises:
        ServiceAwayError: it gives none.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except _DATABASE_AWAY as error:
        raise ServiceAwayError(error) from error


def unapplied_migrations() -> int:
    """How many migrations of this release the database lacks.

    Raises:
        ServiceAwayError: no database answers.
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
    """Ping the server, and wait so long for its answer.

    Raises:
        ServiceAwayError: there is none.
    """
    try:
        with broker.connect(url, seconds=seconds) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise ServiceAwayError(error) from error


def probe_storage(*, by_writing: bool = False) -> None:
    """Look for a file in the storage of versions' files.

    Args:
        by_writing: also list a folder, write a file and delete it.

    Raises:
        ServiceAwayError: that is not possible.
    """
    try:
        if by_writing:
            default_storage.listdir("models")
            default_storage.delete(default_storage.save("can-be-written", ContentFile(b"yes")))
        else:
            default_storage.exists("look")
    except (OSError, ValueError) as error:  # botocore's for an address that is none
        raise ServiceAwayError(error) from error


def free_disk_bytes() -> int:
    """How much room the disk of VAR_DIR has.

    Raises:
        ServiceAwayError: the folder is not there.
    """
    try:
        return shutil.disk_usage(settings.VAR_DIR).free
    except OSError as error:
        raise ServiceAwayError(error) from error
