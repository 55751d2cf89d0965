"""Picks the module that copies this site's database."""

from pathlib import Path
from typing import Protocol

from django.db import connection

from recognizer.backups import databases, postgresql, sqlite


class Engine(Protocol):
    """A module that copies one kind of database."""

    KIND: str
    FILE: str

    def dump(self, path: Path) -> databases.Dump:
        """Copy this site's database.

        Raises:
            BackupError: it cannot be copied.
        """

    def load(self, path: Path) -> None:
        """Replace the whole database with a copy, or change nothing.

        Raises:
            BackupError: the copy could not be loaded; nothing was changed.
        """

    def make_sure_nobody_else_uses_it(self) -> None:
        """Check that no other process uses the database.

        Raises:
            BackupError: another process uses it.
        """


_ENGINES: dict[str, Engine] = {"sqlite": sqlite, "postgresql": postgresql}


def current() -> Engine:
    """The engine of this site's database."""
    return _ENGINES[connection.vendor]
