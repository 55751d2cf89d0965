"""The processes that together are the running site."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One process: what starts it, and what it may count on.

    A part that `serves_others` is ended after the rest. `if_orphaned` is the
    signal that the kernel sends it when `up` itself is killed.
    """

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()
    serves_others: bool = False
    if_orphaned: signal.Signals = signal.SIGKILL


def valkey(command: list[str], lock: int) -> Part:
    """The embedded server. It shares the lock: a second one on its folder would ruin the data."""
    return Part(
        "valkey", command, inherited=(lock,), serves_others=True, if_orphaned=signal.SIGTERM
    )


def web(number: int, listener: int, env: Mapping[str, str]) -> Part:
    """A web server; all of them accept from one inherited socket."""
    socket = ("--fd", str(listener), "--seconds-to-finish", "5")
    # All of them end together, so no proxy needs notice.
    env = {"WEB_NOTICE_SECONDS": "0", **env}
    return Part(f"web.{number}", [*_WEB, *socket], {**_LESS_MEMORY, **env}, inherited=(listener,))


def web_alone() -> Part:
    """The one web server of a container, with an address of its own."""
    return Part("web", _WEB, _LESS_MEMORY)


def worker(env: Mapping[str, str]) -> Part:
    """Supervises trainings, one at a time; threads, since TensorFlow does not survive a fork."""
    options = "--pool threads --concurrency 1 --without-gossip --without-mingle".split()
    # Celery warns at length about root because of pickle; tasks here are JSON.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    return Part("worker", [*_CELERY, "worker", *options], {**env, **quiet})


def beat(schedule: Path, env: Mapping[str, str]) -> Part:
    """Reminds the worker, time and again, of runs that wait."""
    # No pidfile: one left by a kill would keep beat from starting; `up` holds a lock already.
    options = ["--schedule", str(schedule), "--pidfile", ""]
    return Part("beat", [*_CELERY, "beat", *options], env)


_WEB = [sys.executable, "-m", "mnist_site.server"]
# Each thread would keep memory of its own from its largest request on.
_LESS_MEMORY = {"MALLOC_ARENA_MAX": "2"}
_CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "mnist_site"]
