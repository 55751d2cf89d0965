"""Kill parts during a soak, one after the other, and record when each is back."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import redis

from benchmarks.soak.traffic import Load
from devtools import processes
from devtools.report_site import Site, SiteError
from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import EmbeddedValkey

if TYPE_CHECKING:  # needs the PostgreSQL binaries, which only developers have
    from devtools.postgres import Server

SECONDS_AWAY = 4.0
SECONDS_TO_RECOVER = 60.0
SECONDS_AFTERWARDS = 2.0
"""Errors this soon after a part is back still belong to its fault."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Fault:
    """A part that was killed; the times are of `time.monotonic`.

    `back_at` is when its restart ended (for a web process: began), `good_at` when the site could
    use it again.
    """

    part: str
    killed_at: float
    back_at: float
    good_at: float

    def holds(self, sent_at: float, ended_at: float) -> bool:
        """Return whether a request was active during the fault."""
        return ended_at >= self.killed_at and sent_at <= self.good_at + SECONDS_AFTERWARDS


class Valkey:
    """A separate Valkey that can be killed and restarted on the same data."""

    def __init__(self, folder: Path) -> None:
        self._prepared = EmbeddedValkey.prepare(folder)
        self.url = self._prepared.url
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._prepared.command,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        self._prepared.wait_until_it_answers(self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def counts(self) -> bool:
        """Return whether the site has counted a request in it since its start."""
        with redis.Redis.from_url(self.url, socket_timeout=1) as client:
            known = client.info("commandstats")
        return any(name.startswith("cmdstat_eval") for name in known)


@contextmanager
def running_valkey(folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(folder)
    try:
        yield valkey
    finally:
        valkey.kill()


class Faults:
    """Kills parts of a site. Use it from the thread that started them: they end with it."""

    def __init__(self, site: Site, database: "Server", valkey: Valkey, load: Load) -> None:
        self._site, self._database, self._valkey, self._load = site, database, valkey, load
        self._spared = site.web_processes()[0]

    def valkey(self) -> Fault:
        killed_at = time.monotonic()
        self._valkey.kill()
        time.sleep(SECONDS_AWAY)
        self._valkey.start()
        back_at = time.monotonic()
        _wait(self._valkey.counts, "throttling in Valkey")
        return Fault("valkey", killed_at, back_at, time.monotonic())

    def postgres(self) -> Fault:
        """Kill the server and all its children at once, as the system would."""
        killed_at, server = time.monotonic(), self._database
        assert server.process is not None
        for pid in processes.family(server.process.pid):
            _kill(pid)
        server.process.wait()
        time.sleep(SECONDS_AWAY)
        server.start()
        back_at = time.monotonic()
        good_at = self._first_good("save", back_at)
        return Fault("postgresql", killed_at, back_at, good_at)

    def web(self) -> Fault:
        """Kill always the same web process, so that the other one lives through all faults."""
        killed_at, before = time.monotonic(), self._site.web_processes()
        loaded = self._models_loaded()
        _kill(next(pid for pid in before if pid != self._spared))
        _wait(lambda: set(self._site.web_processes()) - set(before), "a new web process")
        back_at = time.monotonic()
        _wait(lambda: self._models_loaded() > loaded, "the new web process")
        return Fault("web", killed_at, back_at, self._first_good("predict", time.monotonic()))

    def _models_loaded(self) -> int:
        return self._site.output.count(" answers now.")

    def _first_good(self, kind: str, after: float) -> float:
        outcomes, seen = self._load.outcomes, max(0, len(self._load.outcomes) - 100)

        def found() -> float | None:
            return next(
                (
                    one.ended_at
                    for one in outcomes[seen:]
                    if one.kind == kind and one.good and one.sent_at >= after
                ),
                None,
            )

        return _wait(found, f"a good answer to {kind}")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _wait(look: Callable[[], _T | None], what: str) -> _T:
    deadline = time.monotonic() + SECONDS_TO_RECOVER
    while not (found := look()):
        if time.monotonic() > deadline:
            raise SiteError(f"Within {SECONDS_TO_RECOVER:.0f} s there never was {what}.")
        time.sleep(0.02)
    return found
