"""SQLite backups, with its online backup, during which other processes may write."""

import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from recognizer.backups import databases
from recognizer.backups.archive import BackupError

KIND, FILE = "sqlite", "database.sqlite3"


def dump(path: Path) -> databases.Dump:
    databases.make_sure_it_is_a_site()
    with closing(sqlite3.connect(path)) as copy:
        try:
            connection.connection.backup(copy)
            return databases.describe(path, lambda query: copy.execute(query).fetchall())
        except sqlite3.Error as error:
            raise BackupError(f"The database cannot be copied: {error}.") from error


def load(path: Path) -> None:
    """Load the copy in one transaction of the existing database, so its journals stay valid."""
    connection.ensure_connection()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
        try:
            copy.backup(connection.connection)
        except sqlite3.Error as error:
            raise BackupError(f"The database cannot be replaced: {error}.") from error
    connection.close()


def make_sure_nobody_else_uses_it() -> None:
    """Nothing to check: only `up` uses the database, and the caller holds its lock."""
