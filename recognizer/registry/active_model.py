"""This process's classifier, which is swapped when another version is promoted.

A request never waits for a swap. Every `CHECK_SECONDS` at most, one thread asks the
database which version is active. If the version has changed, that thread loads it while
the others keep using the old one. A single assignment swaps the two.
"""

import contextlib
import logging
import threading
import time
from dataclasses import dataclass

from django.db import Error as AnyDatabaseError

from ml.reading.inference import ArtifactError, Classifier
from recognizer.models import ModelVersion
from recognizer.registry import artifacts

CHECK_SECONDS = 0.5

logger = logging.getLogger(__name__)


class NoActiveModelError(RuntimeError):
    """No version is active or can be loaded, and none was loaded before."""


@dataclass(frozen=True, eq=False)
class ActiveModel:
    """A loaded classifier and its version."""

    pk: int
    number: int
    classifier: Classifier


_current: ActiveModel | None = None
_checked_at = float("-inf")
_last_problem = ""
_check_lock = threading.Lock()


def current() -> ActiveModel:
    """The model to use now.

    The model loaded earlier stays in use while the database is down or if the new
    artifact is damaged. A process that has not loaded any model falls back to the
    newest previously active version that can be loaded.

    Raises:
        NoActiveModelError: there is no such model.
    """
    due = time.monotonic() - _checked_at >= CHECK_SECONDS
    # Every thread waits if there is no model yet; otherwise only one thread checks.
    if due and _check_lock.acquire(blocking=_current is None):
        try:
            _check()
        finally:
            _check_lock.release()
    if _current is None:
        raise NoActiveModelError("No model version is active.")
    return _current


def warm_up() -> None:
    """Load the active model, if any, and run it once. A missing model is only logged."""
    try:
        current().classifier.warm_up()
    except NoActiveModelError as error:
        logger.warning("No model is loaded yet: %s", error)


def forget() -> None:
    """Drop the loaded model; the next call asks the database again."""
    global _current, _checked_at, _last_problem
    _current, _checked_at, _last_problem = None, float("-inf"), ""


def _check() -> None:
    global _current, _checked_at, _last_problem
    if time.monotonic() - _checked_at < CHECK_SECONDS:
        return  # another thread checked while this one waited
    try:
        version = ModelVersion.objects.active()
        if version is not None and (_current is None or version.pk != _current.pk):
            _current = load(version)
            logger.info("Version %d answers now.", version.number)
    except AnyDatabaseError as error:
        if _current is None:
            raise NoActiveModelError(f"The database cannot be reached: {error}") from error
        _log_once(f"The database is away ({error}); version {_current.number} stays.")
    except (ArtifactError, OSError) as error:
        _current = _current or _fallback()
        if _current is None:
            raise NoActiveModelError(f"The active version cannot be loaded: {error}") from error
        _log_once(
            f"The active version cannot be loaded ({error});"
            f" version {_current.number} answers in its place."
        )
    else:
        _last_problem = ""
    finally:
        _checked_at = time.monotonic()


def _fallback() -> ActiveModel | None:
    """The newest previously active version that can be loaded."""
    for version in ModelVersion.objects.that_answered():
        with contextlib.suppress(ArtifactError, OSError):
            return load(version)
    return None


def _log_once(what: str) -> None:
    """Log a problem once, not at each check."""
    global _last_problem
    if what != _last_problem:
        _last_problem = what
        logger.error(what)


def load(version: ModelVersion, *, as_stored: bool = False) -> ActiveModel:
    """Load a version's artifact and check its SHA-256.

    Args:
        as_stored: read from the storage, even if this host has cached the file.

    Raises:
        ArtifactError: the file is missing, or differs from the registered one.
        OSError: the file cannot be read.
    """
    get = artifacts.fetch if as_stored else artifacts.load
    what = f"The artifact of version {version.number}"
    content = get(version.artifact.name, version.sha256, what)
    classifier = Classifier.load(content, tuple(version.classes), version.reject_above)
    classifier.warm_up()
    return ActiveModel(version.pk, version.number, classifier)
