"""What is counted for Prometheus while the site runs; `gauges` says what is so just now.

Each process writes to files of its own (`running.metric_files`), and whichever is asked adds
all of them up. Labels are names of a small set only: routes, not paths.
"""

import os
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from recognizer.monitoring.gauges import Gauges
from recognizer.monitoring.metric_files import VARIABLE

_registry = CollectorRegistry()

_requests = Counter(
    "recognizer_requests",
    "Requests answered, by route, method and status.",
    ["route", "method", "status"],
    registry=_registry,
)
_request_seconds = Histogram(
    "recognizer_request_seconds",
    "Seconds from a request's arrival in Django to its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_registry,
)
_reading_seconds = Histogram(
    "recognizer_inference_seconds",
    "Seconds from a drawing's strokes or pixels to the network's scores.",
    buckets=(0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25),
    registry=_registry,
)
_readings = Counter(
    "recognizer_readings",
    "Drawings read for people, by version, by what was read and by why nothing was.",
    ["version", "read", "rejected"],
    registry=_registry,
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    count, duration = _of_request(route, method, status)
    count.inc()
    duration.observe(seconds)


def count_reading(version: int, read: str, rejected: str, seconds: float) -> None:
    """One answer: `read` is "" where it is rejected, `rejected` the code of why."""
    _of_reading(version, read, rejected).inc()
    _reading_seconds.observe(seconds)


# Finding a series by its labels takes as long as counting in it.
@lru_cache(maxsize=1024)
def _of_request(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return _requests.labels(route, method, status), _request_seconds.labels(route)


@lru_cache(maxsize=1024)
def _of_reading(version: int, read: str, rejected: str) -> Counter:
    return _readings.labels(version, read, rejected)


def exposition() -> bytes:
    """All of it for all processes, in Prometheus's text format."""
    counted = _registry
    if VARIABLE in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    now = CollectorRegistry()
    now.register(Gauges())
    return generate_latest(counted) + generate_latest(now)
