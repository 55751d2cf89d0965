"""The dashboard's counts over the last days, each by one query.

Every query is limited to the drawings of these days. A query that reads a row for each drawing is
limited to the newest.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import (
    Count,
    DateField,
    F,
    FilteredRelation,
    Func,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.models import Drawing, Label, Prediction

RECENT_DAYS = 7
"""The predictions of this many days are compared with those of the days before."""

MOST_READ = 20_000
"""Only the newest labels, or predictions in a period, count, up to this many. A share is then
accurate to 0.4 points."""

MOST_LINES = 5
"""This many versions have a line of their own; older ones are added together."""

STANDS_OUT = 3.0
"""A share that changed by more standard errors than this stands out. With eleven shares, one page
in thirty shows such a change by chance."""


class _Day(Func):
    """The day of a time in UTC. In SQLite this runs in C; Django's TruncDate runs in Python."""

    function = "DATE"
    output_field = DateField()


@dataclass(frozen=True)
class Agreement:
    """How many drawings are labelled, and how many of these labels match the first prediction."""

    labelled: int = 0
    agreed: int = 0

    @property
    def share(self) -> float | None:
        return self.agreed / self.labelled if self.labelled else None

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(self.labelled + other.labelled, self.agreed + other.agreed)


@dataclass(frozen=True)
class ReadShare:
    """How often a class is predicted now, and how often it was before."""

    name: str
    now: int
    now_of: int
    before: int
    before_of: int

    @property
    def now_share(self) -> float:
        return self.now / self.now_of if self.now_of else 0.0

    @property
    def before_share(self) -> float:
        return self.before / self.before_of if self.before_of else 0.0

    @property
    def stands_out(self) -> bool:
        """Whether the two shares differ by more than noise (two-proportion z-test)."""
        total = self.now_of + self.before_of
        if not (self.now_of and self.before_of):
            return False
        pooled = (self.now + self.before) / total
        error = math.sqrt(pooled * (1 - pooled) * (1 / self.now_of + 1 / self.before_of))
        return error > 0 and abs(self.now_share - self.before_share) > STANDS_OUT * error


def first_day(days: int) -> date:
    """The first of the last `days` days, today included."""
    return timezone.now().astimezone(UTC).date() - timedelta(days=days - 1)


def _since(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _drawn_since(day: date) -> QuerySet[Drawing]:
    return Drawing.objects.filter(created_at__gte=_since(day)).order_by()


def drawings_a_day(days: int) -> list[tuple[date, int]]:
    """How many drawings were made on each of the last `days` days."""
    start = first_day(days)
    rows = _drawn_since(start).annotate(day=_Day("created_at")).values_list("day")
    counts = dict(rows.annotate(count=Count("pk")))
    every_day = (start + timedelta(days=number) for number in range(days))
    return [(day, counts.get(day, 0)) for day in every_day]


def drawings_before(days: int) -> int:
    """How many drawings were made in the same number of days before these."""
    until = first_day(days)
    earlier = _drawn_since(until - timedelta(days=days))
    return earlier.filter(created_at__lt=_since(until)).count()


def agreement(days: int, step: int) -> dict[int, list[Agreement]]:
    """How often first predictions agree with labels, by version and for every `step` days.

    The newest versions have entries of their own; 0 stands for all others.
    """
    start = first_day(days)
    served = Q(drawing__predictions__served=True)
    newest = Label.objects.approved().order_by("-pk").values("pk")[:MOST_READ]
    agrees = Q(value=F("first__text")) | Q(value=NOT_A_DIGIT, first__text="")
    rows = (
        Label.objects.filter(pk__in=newest, drawing__created_at__gte=_since(start))
        .order_by()
        .annotate(first=FilteredRelation("drawing__predictions", condition=served))
        .filter(first__isnull=False)
        .annotate(day=_Day("drawing__created_at"))
        .values_list("first__version__number", "day")
        .annotate(labelled=Count("pk"), agreed=Count("pk", filter=agrees))
    )
    return _by_version(list(rows), start, step, count=math.ceil(days / step))


def _by_version(
    rows: list[tuple[int, date, int, int]], start: date, step: int, count: int
) -> dict[int, list[Agreement]]:
    newest = sorted({number for number, *_ in rows})[-MOST_LINES:]
    found: defaultdict[int, list[Agreement]] = defaultdict(lambda: [Agreement()] * count)
    for number, day, labelled, agreed in rows:
        line = found[number if number in newest else 0]
        line[min((day - start).days // step, count - 1)] += Agreement(labelled, agreed)
    return dict(sorted(found.items()))


def total(lines: Iterable[Iterable[Agreement]]) -> Agreement:
    """The sum over all versions and days."""
    return sum((one for line in lines for one in line), Agreement())


@dataclass(frozen=True)
class PredictionShares:
    """The predictions of the last days, beside those of the days before."""

    shares: list[ReadShare]
    now_sure: float | None
    before_sure: float | None


def readings(days: int) -> PredictionShares:
    """The share of every class and of rejections, and the mean confidence."""
    recent = _since(first_day(RECENT_DAYS))
    before = Drawing.objects.filter(created_at__lt=recent, created_at__gte=_since(first_day(days)))
    now, then = _read(Drawing.objects.filter(created_at__gte=recent)), _read(before)
    now_of, then_of = now.total(), then.total()
    names = [*DIGITS, *sorted((now.keys() | then.keys()) - {*DIGITS, ""}), ""]
    shares = [
        ReadShare(name or gettext("refused"), now.count(name), now_of, then.count(name), then_of)
        for name in names
    ]
    return PredictionShares(shares, now.mean_confidence(), then.mean_confidence())


class _Counts(dict[str, tuple[int, float]]):
    """For each prediction ("" is rejected): how often, and the sum of the confidences."""

    def count(self, name: str) -> int:
        return self.get(name, (0, 0.0))[0]

    def total(self) -> int:
        return sum(count for count, _ in self.values())

    def mean_confidence(self) -> float | None:
        """Over predictions that were not rejected."""
        count = self.total() - self.count("")
        return sum(sure for name, (_, sure) in self.items() if name) / count if count else None


def _read(drawings: QuerySet[Drawing]) -> _Counts:
    newest = drawings.order_by("-created_at").values("pk")[:MOST_READ]
    rows = (
        Prediction.objects.filter(served=True, drawing__in=newest)
        .order_by()
        # Grouped by the plain column, SQLite might walk the index of all predictions ever made.
        .annotate(read=Concat("text", Value("")))
        .values_list("read")
        .annotate(count=Count("pk"), sure=Sum("confidence"))
    )
    return _Counts({read: (count, sure) for read, count, sure in rows})
