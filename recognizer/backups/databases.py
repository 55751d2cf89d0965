"""What backups of SQLite and PostgreSQL share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection

from recognizer.backups.archive import BackupError

_FILES = """
    SELECT number, artifact, sha256 FROM recognizer_modelversion
    UNION ALL SELECT number, weights, weights_sha256 FROM recognizer_modelversion
    UNION ALL SELECT number, web_model, web_sha256 FROM recognizer_modelversion
    WHERE web_model <> '' ORDER BY 1, 2
"""
_COUNTED = {
    "drawings": "recognizer_drawing",
    "versions": "recognizer_modelversion",
    "accounts": "auth_user",
}
_MADE_BY_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query and returns its rows."""


@dataclass(frozen=True)
class Dump:
    """A consistent copy of the database, and what it contains.

    files  (version number, name in the storage, SHA-256)
    """

    path: Path
    files: list[tuple[int, str, str]]
    migrations: list[list[str]]
    counts: dict[str, int]


def describe(path: Path, ask: Ask) -> Dump:
    """Describe a copy by queries on it, or on the snapshot it was made from."""
    return Dump(
        path,
        [(number, name, sha256) for number, name, sha256 in ask(_FILES)],
        [[app, name] for app, name in ask("SELECT app, name FROM django_migrations ORDER BY id")],
        {what: ask(f"SELECT count(*) FROM {table}")[0][0] for what, table in _COUNTED.items()},  # noqa: S608  names from above
    )


def tables() -> list[str]:
    """The tables of this site that exist, including those of a newer release."""
    labels = tuple(f"{app.label}_" for app in apps.get_app_configs())
    found = connection.introspection.table_names()
    return [name for name in found if name.startswith((*labels, "django_"))]


def is_empty() -> bool:
    """Whether the database has no rows but those that migrations create."""
    with connection.cursor() as cursor:
        for table in {*tables()} - _MADE_BY_MIGRATIONS:
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608
            if cursor.fetchone():
                return False
    return True


def make_sure_it_is_a_site() -> None:
    """Check that the database belongs to a site.

    Raises:
        BackupError: no site has ever used it.
    """
    if "recognizer_modelversion" not in tables():
        raise BackupError("There is no site in this database yet.")
