"""Whether every part that the site needs is there, in words that anybody may read.

The words name no host, path or account; what an error said is in the log.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import redis
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from recognizer.backing.storage import on_this_host
from recognizer.models import ModelVersion
from recognizer.registry import active_model

OK, DEGRADED, FAILED = "ok", "degraded", "failed"

FREE_BYTES_NEEDED = 100_000_000
FREE_BYTES_WANTED = 1_000_000_000
"""A training writes some hundred megabytes."""

_AWAY = (DatabaseError, InterfaceError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One thing the site needs: whether it is there, and the reason in words."""

    state: str
    reason: str


def examine() -> dict[str, Part]:
    """Look at every part. A few queries and one ping; waits some seconds for what hangs."""
    return {name: check() for name, check in CHECKS.items()}


def overall(parts: dict[str, Part]) -> str:
    """The worst state of any."""
    states = {part.state for part in parts.values()}
    return next((state for state in (FAILED, DEGRADED) if state in states), OK)


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except _AWAY as error:
        logger.warning("No database answers: %s", error)
        return Part(FAILED, "No database answers.")
    return Part(OK, "The database answers.")


def _migrations() -> Part:
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except _AWAY:
        return Part(FAILED, "Not known while no database answers.")
    missing = _shipped_migrations() - applied.keys()
    if missing:
        return Part(FAILED, f"{len(missing)} are not applied; `manage.py migrate` applies them.")
    return Part(OK, "All are applied.")


@lru_cache(maxsize=1)
def _shipped_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _redis() -> Part:
    if not settings.REDIS_URL:
        return Part(DEGRADED, "None is set: nothing can be retrained.")
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1
        ) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        logger.warning("No Redis answers: %s", error)
        reason = "No Redis answers: retrainings wait, and each process throttles by itself."
        return Part(FAILED, reason)
    return Part(OK, "Redis answers.")


def _model() -> Part:
    try:
        answering = active_model.current().number
    except active_model.NoActiveModelError as error:
        logger.warning("No model can answer: %s", error)
        return Part(FAILED, "No version can be loaded.")
    try:
        active = ModelVersion.objects.active()
    except _AWAY:
        return Part(OK, f"Version {answering} answers from memory.")
    if active is not None and active.number != answering:
        reason = f"Version {active.number} is not loaded; version {answering} answers."
        return Part(DEGRADED, reason)
    return Part(OK, f"Version {answering} answers.")


def _disk() -> Part:
    try:
        free = shutil.disk_usage(settings.VAR_DIR).free
    except OSError as error:
        logger.warning("The disk cannot be looked at: %s", error)
        return Part(FAILED, "The data folder is not there.")
    if free < FREE_BYTES_NEEDED:
        return Part(FAILED, f"Less than {FREE_BYTES_NEEDED // 1_000_000} MB are free.")
    if free < FREE_BYTES_WANTED:
        return Part(DEGRADED, "Less than 1 GB is free.")
    return Part(OK, "There is room.")


def _storage() -> Part:
    if on_this_host():
        return Part(OK, "A folder of this host.")
    try:
        default_storage.exists("look")
    except OSError as error:
        logger.warning("The storage of model files: %s", error)
        return Part(DEGRADED, "The storage does not answer: promotions and trainings wait.")
    return Part(OK, "The storage answers.")


CHECKS: dict[str, Callable[[], Part]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "model": _model,
    "storage": _storage,
    "disk": _disk,
}
