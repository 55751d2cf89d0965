"""Run `make_rows` in other processes. Django is imported only once such a process has started."""

import multiprocessing
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recognizer.sample_data.rows import InventedRows, InventedSite

Job = tuple[int, int, int]
"""Seed, first place, count."""

_sites: list["InventedSite"] = []


def rows_of(site: "InventedSite", jobs: list[Job], processes: int) -> Iterator["InventedRows"]:
    """Yield the rows of each job in order, made only a little ahead of the consumer."""
    # A forked process would share this process's database connection.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _begin, (pickle.dumps(site),)) as pool:
        waiting = [pool.submit(_make, *job) for job in jobs[: 2 * processes]]
        try:
            for job in jobs[2 * processes :]:
                yield waiting.pop(0).result()
                waiting.append(pool.submit(_make, *job))
            for made in waiting:
                yield made.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(pickled: bytes) -> None:
    """Set a process up; it never connects to the database."""
    import django

    django.setup()
    _sites.append(pickle.loads(pickled))  # noqa: S301  of the process that started this one


def _make(seed: int, start: int, count: int) -> "InventedRows":
    from recognizer.sample_data.rows import make_rows

    return make_rows(_sites[0], seed, start, count)
