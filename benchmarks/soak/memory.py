"""Find memory leaks by the trend of a process's memory, not by its peaks."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from devtools import processes

LEAST_SAMPLES, LEAST_MINUTES = 8, 1.0
MINUTES_TO_JUDGE = 4.0
"""In less, what each restart of another part costs once is most of what is seen."""

NEAREST, FARTHEST = 0.1, 0.25
"""How far apart two samples are that are compared, as shares of the time watched."""

MOST_MB_A_MINUTE, MOST_MB_AT_ALL = 0.3, 2.0
"""A trend within one of them is no growth: 0.3 MB a minute is 100 bytes for each of 50 requests a
second, and allocators move 2 MB to and fro by themselves."""


@dataclass(frozen=True)
class Trend:
    """The trend of a process's memory after its warm-up."""

    name: str
    first_mb: float
    last_mb: float
    peak_mb: float
    minutes: float
    mb_a_minute: float
    samples: int

    @property
    def is_long(self) -> bool:
        """Return whether it was sampled long enough to test."""
        return self.minutes >= MINUTES_TO_JUDGE

    @property
    def grows(self) -> bool:
        grown = self.mb_a_minute * self.minutes
        return grown > max(MOST_MB_AT_ALL, MOST_MB_A_MINUTE * self.minutes)


def trend(name: str, samples: list[tuple[float, float]], warm_up: float) -> Trend | None:
    """Return the median slope between pairs of nearby samples (Theil and Sen).

    A peak does not change it. Nor does a step, as when one process takes the load of two for the
    first time, since few pairs span it. Steady growth affects all pairs.

    Args:
        samples: (seconds, MB) in order.
        warm_up: the seconds after the first sample to leave out.

    Returns:
        None if too few samples are left.
    """
    kept = np.array([one for one in samples if one[0] >= samples[0][0] + warm_up])
    if len(kept) < LEAST_SAMPLES or kept[-1, 0] - kept[0, 0] < LEAST_MINUTES * 60:
        return None
    seconds, mb = kept.T
    earlier, later = np.triu_indices(len(kept), 1)
    apart = (seconds[later] - seconds[earlier]) / (seconds[-1] - seconds[0])
    near = (apart >= NEAREST) & (apart <= FARTHEST)
    earlier, later = earlier[near], later[near]
    slope = np.median((mb[later] - mb[earlier]) / (seconds[later] - seconds[earlier])) * 60
    return Trend(
        name,
        first_mb=round(float(mb[0]), 1),
        last_mb=round(float(mb[-1]), 1),
        peak_mb=round(float(mb.max()), 1),
        minutes=round(float(seconds[-1] - seconds[0]) / 60, 2),
        mb_a_minute=round(float(slope), 3),
        samples=len(kept),
    )


class Watch:
    """Samples the memory of processes from a thread until `stop`."""

    def __init__(self, find: Callable[[], Mapping[str, list[int]]], every: float) -> None:
        self.samples: dict[str, list[tuple[float, float]]] = {}
        self._find, self._every = find, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(self._every):
            for name, pids in self._find().items():
                if (mb := _held_by(pids)) is not None:
                    self.samples.setdefault(name, []).append((time.monotonic(), mb))


def _held_by(pids: list[int]) -> float | None:
    """Return the MB of one process, or of several that share memory; None if one has ended."""
    measure = processes.resident_mb if len(pids) == 1 else processes.proportional_mb
    held = [mb for pid in pids if (mb := measure(pid)) is not None]
    return sum(held) if pids and len(held) == len(pids) else None
