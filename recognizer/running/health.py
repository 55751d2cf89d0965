"""The state of every service that the site needs, for `/readyz`.

The reasons are public: they name no host, path or account. Error messages go to the log.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from recognizer.backing.storage import on_this_host
from recognizer.models import ModelVersion
from recognizer.registry import active_model
from recognizer.running import services
from recognizer.running.services import ServiceAwayError

OK, DEGRADED, FAILED = "ok", "degraded", "failed"

FREE_BYTES_NEEDED = 100_000_000
FREE_BYTES_WANTED = 1_000_000_000
"""A training writes a few hundred megabytes."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServiceHealth:
    """The state of one service, and the reason as a sentence."""

    state: str
    reason: str


def examine() -> dict[str, ServiceHealth]:
    """Check every service: a few queries and one ping, or some seconds if a service hangs."""
    return {name: check() for name, check in CHECKS.items()}


def overall(parts: dict[str, ServiceHealth]) -> str:
    """The worst of the states."""
    states = {part.state for part in parts.values()}
    return next((state for state in (FAILED, DEGRADED) if state in states), OK)


def _database() -> ServiceHealth:
    try:
        services.probe_database()
    except ServiceAwayError as error:
        logger.warning("No database answers: %s", error)
        return ServiceHealth(FAILED, "No database answers.")
    return ServiceHealth(OK, "The database answers.")


def _migrations() -> ServiceHealth:
    try:
        missing = services.unapplied_migrations()
    except ServiceAwayError:
        return ServiceHealth(FAILED, "Not known while no database answers.")
    if missing:
        reason = f"{missing} are not applied; `manage.py migrate` applies them."
        return ServiceHealth(FAILED, reason)
    return ServiceHealth(OK, "All are applied.")


def _redis() -> ServiceHealth:
    if not settings.REDIS_URL:
        return ServiceHealth(DEGRADED, "None is set: nothing can be retrained.")
    try:
        services.probe_redis(settings.REDIS_URL, seconds=1)
    except ServiceAwayError as error:
        logger.warning("No Redis answers: %s", error)
        reason = "No Redis answers: retrainings wait, and each process throttles by itself."
        return ServiceHealth(FAILED, reason)
    return ServiceHealth(OK, "Redis answers.")


def _model() -> ServiceHealth:
    try:
        answering = active_model.current().number
    except active_model.NoActiveModelError as error:
        logger.warning("No model can answer: %s", error)
        return ServiceHealth(FAILED, "No version can be loaded.")
    try:
        active = ModelVersion.objects.active()
    except (DatabaseError, InterfaceError):
        return ServiceHealth(OK, f"Version {answering} answers from memory.")
    if active is not None and active.number != answering:
        reason = f"Version {active.number} is not loaded; version {answering} answers."
        return ServiceHealth(DEGRADED, reason)
    return ServiceHealth(OK, f"Version {answering} answers.")


def _disk() -> ServiceHealth:
    try:
        free = services.free_disk_bytes()
    except ServiceAwayError as error:
        logger.warning("The disk cannot be looked at: %s", error)
        return ServiceHealth(FAILED, "The data folder is not there.")
    if free < FREE_BYTES_NEEDED:
        return ServiceHealth(FAILED, f"Less than {FREE_BYTES_NEEDED // 1_000_000} MB are free.")
    if free < FREE_BYTES_WANTED:
        return ServiceHealth(DEGRADED, "Less than 1 GB is free.")
    return ServiceHealth(OK, "There is room.")


def _storage() -> ServiceHealth:
    if on_this_host():
        return ServiceHealth(OK, "A folder of this host.")
    try:
        services.probe_storage()
    except ServiceAwayError as error:
        logger.warning("The storage of model files: %s", error)
        return ServiceHealth(
            DEGRADED, "The storage does not answer: promotions and trainings wait."
        )
    return ServiceHealth(OK, "The storage answers.")


CHECKS: dict[str, Callable[[], ServiceHealth]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "model": _model,
    "storage": _storage,
    "disk": _disk,
}
