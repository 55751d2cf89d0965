"""Gauges for Prometheus: the active version, runs, the queue and drawings to review."""

from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError
from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from recognizer.backing import broker
from recognizer.models import Drawing, ModelVersion, TrainingRun

MOST_COUNTED = 100_000
"""The limit on counted drawings to review, so that the query stays cheap."""


class Gauges(Collector):
    """Queries the database and the broker; leaves out the gauges of one that is down."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = [_active_version(), _runs(), _to_review()]
        except (DatabaseError, InterfaceError):
            found = []
        yield _gauge("recognizer_database_up", "1 while the database answers.", bool(found))
        yield from found
        waiting = broker.messages_waiting()
        yield _gauge(
            "recognizer_broker_up", "1 while Celery's broker answers.", waiting is not None
        )
        if waiting is not None:
            yield _gauge("recognizer_queue_depth", "Messages no worker has taken yet.", waiting)


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))


def _active_version() -> GaugeMetricFamily:
    version = ModelVersion.objects.active()
    number = version.number if version else 0
    return _gauge("recognizer_active_version", "The version that answers; 0 is none.", number)


def _runs() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("recognizer_runs", "Training runs by state.", labels=["state"])
    rows = TrainingRun.objects.order_by().values_list("state").annotate(count=Count("pk"))
    counts = dict(rows)
    for state in TrainingRun.State.values:
        gauge.add_metric([state], counts.get(state, 0))
    return gauge


def _to_review() -> GaugeMetricFamily:
    meaning = f"Drawings nobody has decided on; more than {MOST_COUNTED} are not counted."
    waiting = Drawing.objects.filter(review_order__isnull=False).order_by()
    return _gauge("recognizer_drawings_to_review", meaning, waiting[:MOST_COUNTED].count())
