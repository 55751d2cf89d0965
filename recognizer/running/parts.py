"""The processes of a running site."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One process: its command, environment and inherited file descriptors.

    A part that `serves_others` is stopped after the others. The kernel sends
    `if_orphaned` to the process when `up` itself is killed.
    """

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()
    serves_others: bool = False
    if_orphaned: signal.Signals = signal.SIGKILL


def valkey(command: list[str], lock: int) -> Part:
    """The embedded Valkey. It holds the lock too: a second server would corrupt its folder."""
    return Part(
        "valkey", command, inherited=(lock,), serves_others=True, if_orphaned=signal.SIGTERM
    )


def web(number: int, listener: int, env: Mapping[str, str]) -> Part:
    """A web server; all web servers accept connections from one inherited socket."""
    socket = ("--fd", str(listener), "--seconds-to-finish", "5")
    # They all stop together, so there is no need to notify a proxy.
    env = {"WEB_NOTICE_SECONDS": "0", **env}
    return Part(f"web.{number}", [*_WEB, *socket], {**_LESS_MEMORY, **env}, inherited=(listener,))


def web_alone() -> Part:
    """The only web server of a container; it binds its own address."""
    return Part("web", _WEB, _LESS_MEMORY)


def worker(env: Mapping[str, str]) -> Part:
    """The worker, which runs one training at a time. Threads, as TensorFlow breaks after a fork."""
    options = "--pool threads --concurrency 1 --without-gossip --without-mingle".split()
    # Celery warns against running as root because of pickle; our tasks are JSON.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    return Part("worker", [*_CELERY, "worker", *options], {**env, **quiet})


def beat(schedule: Path, env: Mapping[str, str]) -> Part:
    """Celery's scheduler, which sends the periodic tasks to the worker."""
    # No pidfile: a stale one would keep beat from starting, and `up` already holds a lock.
    options = ["--schedule", str(schedule), "--pidfile", ""]
    return Part("beat", [*_CELERY, "beat", *options], env)


_WEB = [sys.executable, "-m", "mnist_site.server"]
# Otherwise each thread keeps the memory of its largest request.
_LESS_MEMORY = {"MALLOC_ARENA_MAX": "2"}
_CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "mnist_site"]
