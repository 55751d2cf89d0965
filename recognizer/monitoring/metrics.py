"""Counters and histograms for Prometheus; for current values see `gauges`.

Each process writes to its own files (see `metric_files`). The process that is scraped adds them
up. Labels must have few values: use routes, not paths.
"""

import os

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
_prediction_seconds = Histogram(
    "recognizer_inference_seconds",
    "Seconds from a drawing's strokes or pixels to the network's scores.",
    buckets=(0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25),
    registry=_registry,
)
_predictions = Counter(
    "recognizer_readings",
    "Drawings read for people, by version, by what was read and by why nothing was.",
    ["version", "read", "rejected"],
    registry=_registry,
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    _requests.labels(route, method, status).inc()
    _request_seconds.labels(route).observe(seconds)


def count_prediction(version: int, read: str, rejected: str, seconds: float) -> None:
    """Count a prediction: `read` is its text, "" if rejected; `rejected` is the reason's code."""
    _predictions.labels(version, read, rejected).inc()
    _prediction_seconds.observe(seconds)


def exposition() -> bytes:
    """The metrics of all processes, in Prometheus's text format."""
    counted = _registry
    if VARIABLE in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    now = CollectorRegistry()
    now.register(Gauges())
    return generate_latest(counted) + generate_latest(now)
