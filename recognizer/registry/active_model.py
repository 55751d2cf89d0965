"""This process's classifier: loaded once, swapped when another version is promoted.

A request never waits for a swap. At most every `CHECK_SECONDS` one thread asks the
database which version is active; if it is another one, that thread loads it while the
others go on with the old, and one assignment swaps them.
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
    """No version is active, or its file cannot be loaded, and none was loaded before."""


@dataclass(frozen=True, eq=False)
class ActiveModel:
    """A loaded classifier and the version it is."""

    pk: int
    number: int
    classifier: Classifier


_current: ActiveModel | None = None
_checked_at = float("-inf")
_last_complaint = ""
_check_lock = threading.Lock()


def current() -> ActiveModel:
    """The model that answers now.

    If the database is away or the new artifact is damaged, the one loaded
    before goes on answering. In a process that has loaded none yet, the newest of
    those that answered before stands in for a damaged one.

    Raises:
        NoActiveModelError: there is none, and none was loaded before.
    """
    due = time.monotonic() - _checked_at >= CHECK_SECONDS
    # Without a model every thread has to wait; with one, a single thread checks.
    if due and _check_lock.acquire(blocking=_current is None):
        try:
            _check()
        finally:
            _check_lock.release()
    if _current is None:
        raise NoActiveModelError("No model version is active.")
    return _current


def warm_up() -> None:
    """Load the active model if there is one, and run it once; never raises."""
    try:
        current().classifier.warm_up()
    except NoActiveModelError as error:
        logger.warning("No model is loaded yet: %s", error)


def forget() -> None:
    """Look at the database again at the next call; drop what is loaded."""
    global _current, _checked_at, _last_complaint
    _current, _checked_at, _last_complaint = None, float("-inf"), ""


def _check() -> None:
    global _current, _checked_at, _last_complaint
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
        _complain(f"The database is away ({error}); version {_current.number} stays.")
    except (ArtifactError, OSError) as error:
        _current = _current or _stand_in()
        if _current is None:
            raise NoActiveModelError(f"The active version cannot be loaded: {error}") from error
        _complain(
            f"The active version cannot be loaded ({error});"
            f" version {_current.number} answers in its place."
        )
    else:
        _last_complaint = ""
    finally:
        _checked_at = time.monotonic()


def _stand_in() -> ActiveModel | None:
    """The newest that can be loaded of the versions that have been active."""
    for version in ModelVersion.objects.that_answered():
        with contextlib.suppress(ArtifactError, OSError):
            return load(version)
    return None


def _complain(what: str) -> None:
    """Once, not at each check."""
    global _last_complaint
    if what != _last_complaint:
        _last_complaint = what
        logger.error(what)


def load(version: ModelVersion, *, as_stored: bool = False) -> ActiveModel:
    """Load a version's artifact, checked by its SHA-256.

    Args:
        as_stored: not what this host fetched from a bucket before, but what is there now.

    Raises:
        ArtifactError: the file is missing, or not the one that was registered.
        OSError: the file cannot be read.
    """
    get = artifacts.fetch if as_stored else artifacts.read
    what = f"The artifact of version {version.number}"
    content = get(version.artifact.name, version.sha256, what)
    classifier = Classifier.load(content, tuple(version.classes), version.reject_above)
    classifier.warm_up()
    return ActiveModel(version.pk, version.number, classifier)
