"""Picks the module that copies the database this site runs on."""

from pathlib import Path
from typing import Protocol

from django.db import connection

from recognizer.backups import databases, postgresql, sqlite


class Engine(Protocol):
    """A module that copies one kind of database."""

    KIND: str
    FILE: str

    def dump(self, path: Path) -> databases.Dump:
        """Copy what the site runs on.

        Raises:
            BackupError: that is not possible.
        """

    def load(self, path: Path) -> None:
        """Put a copy in the place of all that is there: whole, or not at all.

        Raises:
            BackupError: nothing was changed.
        """

    def make_sure_nobody_else_uses_it(self) -> None:
        """Raises BackupError if somebody does."""


_ENGINES: dict[str, Engine] = {"sqlite": sqlite, "postgresql": postgresql}


def current() -> Engine:
    """The one for the database that this site runs on."""
    return _ENGINES[connection.vendor]
