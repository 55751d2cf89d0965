"""A real `manage.py up`, for tests that need the whole site."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

ROOT = Path(__file__).parents[1]
UP = [sys.executable, "manage.py", "up"]
SECONDS_TO_START = 90


class RunningUp:
    """A running `manage.py up` and its output so far."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.url = f"http://{env.get('WEB_HOST') or '127.0.0.1'}:{env['WEB_PORT']}/"
        self.output = ""
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, *, seconds: float = SECONDS_TO_START) -> float:
        """Wait until the output matches, and return how many seconds it took."""
        start = time.monotonic()
        while not re.search(pattern, self.output):
            assert self.process.poll() is None, self.output
            assert time.monotonic() - start < seconds, self.output
            time.sleep(0.05)
        return time.monotonic() - start

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=40)
        self._reader.join(timeout=5)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line


def environment(var_dir: Path) -> dict[str, str]:
    """Return settings that share nothing with other tests or the developer's own site."""
    return os.environ | {
        "VAR_DIR": str(var_dir),
        "WEB_PORT": str(free_port()),
        "SECRET_KEY": "only-for-tests",
        "WEB_PROCESSES": "2",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }


def processes_of(env: dict[str, str]) -> list[int]:
    """Return every live process that was started with this VAR_DIR, without zombies.

    Valkey overwrites its environment, but its working directory is in the folder.
    """
    marker = f"VAR_DIR={env['VAR_DIR']}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        # A zombie's environment is empty.
        with contextlib.suppress(OSError):
            environment = (entry / "environ").read_bytes().split(b"\0")
            inside = (entry / "cwd").readlink().is_relative_to(env["VAR_DIR"])
            if inside or marker in environment:
                found.append(int(entry.name))
    return found


def processes_with(env: dict[str, str], *words: str) -> list[int]:
    """Return those whose command line contains all these words."""
    found = []
    for pid in processes_of(env):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if all(any(word in part for part in command) for word in words):
                found.append(pid)
    return found


def assert_nothing_is_left(env: dict[str, str], *, within: float = 10) -> None:
    deadline = time.monotonic() + within
    while left := processes_of(env):
        assert time.monotonic() < deadline, [
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in left
        ]
        time.sleep(0.1)
