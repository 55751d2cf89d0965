"""PostgreSQL backups, with pg_dump, pg_restore and psql.

The dump and the list of the versions' files come from the same exported snapshot.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from recognizer.backups import databases
from recognizer.backups.archive import BackupError

KIND, FILE = "postgresql", "database.pgdump"

_TOOLS = ("pg_dump", "pg_restore", "psql")
_DEBIANS = Path("/usr/lib/postgresql")


def dump(path: Path) -> databases.Dump:
    databases.make_sure_it_is_a_site()
    tools = _tools()
    address, env = _address()
    with psycopg.connect(address, password=env["PGPASSWORD"]) as server:
        server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot = _ask(server, "SELECT pg_export_snapshot()")[0][0]
        described = databases.describe(path, lambda query: _ask(server, query))
        # Not compressed here: the archive deflates it.
        flags = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
        _run(
            [f"{tools}/pg_dump", *flags, f"--snapshot={snapshot}", f"--file={path}", address], env
        )  # fmt: skip
    return described


def load(path: Path) -> None:
    tools = _tools()
    address, env = _address()
    drop, restored = path.with_name("drop.sql"), path.with_name("restore.sql")
    names = [connection.ops.quote_name(name) for name in databases.tables()]
    drop.write_text("".join(f"DROP TABLE {name} CASCADE;\n" for name in names))
    flags = ["--no-owner", "--no-privileges"]
    _run([f"{tools}/pg_restore", *flags, f"--file={restored}", str(path)], env)
    connection.close()
    flags = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    files = [f"--file={drop}", f"--file={restored}"]
    timeout = {"PGOPTIONS": f"{env.get('PGOPTIONS', '')} -c lock_timeout=10s".strip()}
    _run([f"{tools}/psql", *flags, *files, f"--dbname={address}"], env | timeout)


def make_sure_nobody_else_uses_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        (others,) = cursor.fetchone() or (0,)
    if others:
        raise BackupError(
            f"The database is in use: {others} other connections. End the site on every host first."
        )


def _ask(server: "psycopg.Connection[tuple[Any, ...]]", query: str) -> list[tuple[Any, ...]]:
    return server.execute(query.encode()).fetchall()


def _address() -> tuple[str, dict[str, str]]:
    """The connection string and environment for the tools.

    The password is in the environment: other users could see it among the arguments.
    """
    connection.ensure_connection()
    info = connection.connection.info
    return info.dsn, {**os.environ, "PGPASSWORD": info.password}


def _tools() -> Path:
    """The folder with the tools of the server's release, or else of the next later one.

    Raises:
        BackupError: there are no such tools.
    """
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10000
    found = {release: folder for folder in _folders() if (release := _release(folder))}
    fit = [release for release in found if release >= server]
    if fit:
        return found[min(fit)]
    have = f"only those of {max(found)}" if found else "none"
    raise BackupError(
        f"{', '.join(_TOOLS)} of PostgreSQL {server} or later are needed, and there are {have} on"
        f" PATH or in {_DEBIANS}. Install postgresql-client-{server}."
    )


def _folders() -> Iterator[Path]:
    """Folders with the tools, ending with the first on PATH: for each release, the last wins."""
    yield from sorted(_DEBIANS.glob("*/bin"))
    for folder in reversed(os.environ.get("PATH", "").split(os.pathsep)):
        if folder and all(shutil.which(tool, path=folder) for tool in _TOOLS):
            yield Path(folder)


def _release(folder: Path) -> int:
    """The major version of the tools; 0 if unknown."""
    try:
        output = subprocess.run(  # noqa: S603  a fixed argument
            [f"{folder}/pg_dump", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    version = re.search(r"\d+", output)
    return int(version[0]) if version else 0


def _run(command: list[str], env: dict[str, str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603  our own arguments
            command, env=env, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise BackupError(f"{command[0]}: {error.strerror}.") from error
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        why = (errors or done.stderr.splitlines() or ["it gave no reason"])[0]
        raise BackupError(f"{Path(command[0]).name} ended with code {done.returncode}: {why}")
