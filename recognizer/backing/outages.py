"""Wait for a database or a storage that is away for a moment, instead of losing work."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from recognizer.backing.storage import StorageAwayError

AWAY = (OperationalError, InterfaceError)
"""The errors that Django raises when no database answers."""

COME_BACK = {"Retry-After": "5"}
"""The header of each 503 response: most outages are over after 5 seconds."""

_SECONDS_BETWEEN_TRIES = 0.5

_T = TypeVar("_T")

logger = logging.getLogger(__name__)


def outlast(act: Callable[[], _T], *, seconds: float) -> _T:
    """Call `act`, and retry it from the start while the database or the storage is away.

    Do not call this inside a transaction. If the answer to a COMMIT is lost, `act` runs
    again although its work is done, so it must be idempotent.

    Raises:
        OperationalError, InterfaceError, StorageAwayError: the outage lasts longer than
            `seconds`.
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
