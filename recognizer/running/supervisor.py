"""Starts the parts of the site, prints their output, restarts those that exit, stops them all."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import IO, TextIO

from recognizer.running.lifetime import die_with_parent
from recognizer.running.parts import Part

RESTARTS_A_MINUTE = 5
SECONDS_TO_END = 10.0
_COLOURS = (36, 33, 32, 35, 34, 31)
_NAME_WIDTH = 7


class PartFailedError(Exception):
    """A part keeps exiting."""


class Console:
    """Writes the output of all parts to one stream, each line prefixed with its part's name.

    As JSON, each line is an object that contains the part's name.
    """

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        self._stream, self._as_json = stream, as_json
        self._lock = threading.Lock()
        self._names: list[str] = []

    def say(self, name: str, text: str) -> None:
        """Write one line. Errors are ignored: a closed terminal must not stop the site."""
        with self._lock:
            line = _json_line(name, text) if self._as_json else f"{self._prefix(name)} {text}"
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            except OSError:
                pass

    def _prefix(self, name: str) -> str:
        prefix = f"{name:<{_NAME_WIDTH}}|"
        if not self._stream.isatty():
            return prefix
        if name not in self._names:
            self._names.append(name)
        colour = _COLOURS[self._names.index(name) % len(_COLOURS)]
        return f"\033[{colour}m{prefix}\033[0m"


def _json_line(name: str, text: str) -> str:
    """Add the part's name to a JSON line; wrap any other line as a message."""
    part = json.dumps(name)
    if text.startswith('{"') and text.endswith("}"):
        return f'{{"part": {part}, {text[1:]}'
    return f'{{"part": {part}, "message": {json.dumps(text)}}}'


@dataclass
class _Running:
    part: Part
    process: "subprocess.Popen[bytes]"
    reader: threading.Thread
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_A_MINUTE))


class Supervisor:
    """Keeps parts running. Use it from one thread: parts die with the thread that started them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: list[_Running] = []

    def start(self, part: Part) -> "subprocess.Popen[bytes]":
        """Start a part in a session of its own, where no Ctrl-C of the terminal reaches it."""
        running = _Running(part, *self._launch(part))
        self._running.append(running)
        return running.process

    def watch(self) -> None:
        """Start again what dies, for ever.

        Raises:
            PartFailedError: one died more often than `RESTARTS_A_MINUTE`.
        """
        while True:
            for running in self._running:
                if running.process.poll() is not None:
                    self._restart(running)
            time.sleep(0.2)

    def stop(self) -> None:
        """End every part: ask, wait up to `SECONDS_TO_END`, then kill what is left."""
        self._end([r for r in self._running if not r.part.serves_others])
        self._end([r for r in self._running if r.part.serves_others])

    def kill(self) -> None:
        """Kill every part without waiting; safe to call from a signal handler."""
        for running in self._running:
            _signal_group(running.process, signal.SIGKILL)

    def _launch(self, part: Part) -> "tuple[subprocess.Popen[bytes], threading.Thread]":
        process = subprocess.Popen(  # noqa: S603  the command is ours
            part.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **part.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=part.inherited,
            start_new_session=True,
            preexec_fn=die_with_parent(part.if_orphaned),  # noqa: PLW1509  one system call
        )
        assert process.stdout is not None  # it is a pipe
        reader = threading.Thread(target=self._relay, args=(part.name, process.stdout), daemon=True)
        reader.start()
        return process, reader

    def _relay(self, name: str, lines: IO[bytes]) -> None:
        for line in lines:
            self._console.say(name, line.decode(errors="replace").rstrip())

    def _restart(self, running: _Running) -> None:
        part, code = running.part, running.process.returncode
        running.reader.join(timeout=1)
        _signal_group(running.process, signal.SIGKILL)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        now = time.monotonic()
        often = len(running.restarts) == RESTARTS_A_MINUTE
        if often and now - running.restarts[0] < 60:
            raise PartFailedError(f"{part.name} {how}, again and again; see its log lines above.")
        self._console.say("up", f"{part.name} {how}; starting it again.")
        running.restarts.append(now)
        running.process, running.reader = self._launch(part)

    def _end(self, group: list[_Running]) -> None:
        for running in group:
            if running.process.poll() is None:
                running.process.terminate()
        deadline = time.monotonic() + SECONDS_TO_END
        for running in group:
            try:
                running.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._console.say("up", f"{running.part.name} does not stop; killing it.")
        for running in group:
            # Kill the whole group: a part may have left child processes behind.
            _signal_group(running.process, signal.SIGKILL)
            running.process.wait()
            running.reader.join(timeout=1)


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
