"""Whose turn it is to write.

SQLite lets one write at a time, and whoever finds it busy sleeps, ever longer, up to 0.1 s: half of
the time that eight people take to save is slept away while nobody writes. So those that save
queue by a lock on a file, for which the kernel wakes the next one at once.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import OperationalError, connection


@contextmanager
def turn_to_write() -> Iterator[None]:
    """Wait for one's turn, in this process and in others; on PostgreSQL everybody has it.

    Raises:
        OperationalError: it took longer than a connection waits for the database, or no file
            can be made beside it.
    """
    path = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        yield
        return
    most = connection.settings_dict["OPTIONS"].get("timeout", 5)
    started = time.monotonic()
    with _opened(Path(f"{path}-turn")) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if time.monotonic() - started > most:
            raise OperationalError("database is locked")
        yield


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise OperationalError(f"{path} cannot be opened: {error.strerror}") from error
