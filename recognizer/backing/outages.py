"""A database or a storage that is away for a moment: wait for it instead of losing work."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from recognizer.backing.storage import StorageAwayError

AWAY = (OperationalError, InterfaceError)
"""What Django raises when no database answers."""

COME_BACK = {"Retry-After": "5"}
"""The header of each 503: in so many seconds most things are back."""

_SECONDS_BETWEEN_TRIES = 0.5

_T = TypeVar("_T")

logger = logging.getLogger(__name__)


def outlast(act: Callable[[], _T], *, seconds: float) -> _T:
    """Do it, and do it again from the start while the database, or the storage, is away.

    Never inside a transaction. Where a COMMIT's answer got lost, the act finds its
    own work done: it must be able to tell.

    Raises:
        OperationalError, InterfaceError, StorageAwayError: it is away for longer than so many
            seconds.
    """
    give_up_at = None
    while True:
        try:
            return act()
        except (*AWAY, StorageAwayError) as error:
            give_up_at = give_up_at or time.monotonic() + seconds
            if time.monotonic() > give_up_at:
                raise
            logger.warning("The database or the storage is away (%s); trying again.", error)
            connection.close()
            time.sleep(_SECONDS_BETWEEN_TRIES)
