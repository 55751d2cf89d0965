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
    options = "--no-access-log --no-server-header --lifespan off --log-level warning".split()
    return Part(
        f"web.{number}",
        [
            *(sys.executable, "-m", "uvicorn", "mnist_site.asgi:application"),
            *("--fd", str(listener), "--timeout-graceful-shutdown", "5", *options),
            *("--loop", "uvloop", "--http", "mnist_site.http_limits:LimitedHttp"),
        ],
        # Each thread would keep memory of its own from its largest request on.
        {"MALLOC_ARENA_MAX": "2", **env},
        inherited=(listener,),
    )


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


_CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "mnist_site"]
