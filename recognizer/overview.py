"""What happens on the site, at a glance: counts over the last days, each by one query.

Every query looks at no more than the drawings of these days, which an index finds.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

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

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.models import Drawing

RECENT_DAYS = 7
"""Readings of so many days are held against those of the days before."""

MOST_LINES = 5
"""So many versions have a line of their own; what older ones read is added up."""

STANDS_OUT = 3.0
"""A share has changed by more than noise if it is over so many standard errors off. Eleven
shares are looked at: by chance one of them is, on one page in thirty."""


class _Day(Func):
    """The day of a moment in UTC; in SQLite this is C, Django's TruncDate is Python."""

    function = "DATE"
    output_field = DateField()


@dataclass(frozen=True)
class Agreement:
    """Of so many labelled drawings, how many were first read as their approved label says."""

    labelled: int = 0
    agreed: int = 0

    @property
    def share(self) -> float | None:
        return self.agreed / self.labelled if self.labelled else None

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(self.labelled + other.labelled, self.agreed + other.agreed)


@dataclass(frozen=True)
class Share:
    """How often something is read now, and how often it was before."""

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
        """Whether the two differ by more than noise (two-proportion z-test)."""
        total = self.now_of + self.before_of
        if not (self.now_of and self.before_of):
            return False
        pooled = (self.now + self.before) / total
        error = math.sqrt(pooled * (1 - pooled) * (1 / self.now_of + 1 / self.before_of))
        return error > 0 and abs(self.now_share - self.before_share) > STANDS_OUT * error


def first_day(days: int) -> date:
    """The first of so many days, today being the last."""
    return timezone.now().astimezone(UTC).date() - timedelta(days=days - 1)


def _since(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _drawn_since(day: date) -> QuerySet[Drawing]:
    return Drawing.objects.filter(created_at__gte=_since(day)).order_by()


def drawings_a_day(days: int) -> list[tuple[date, int]]:
    """How many were drawn on each of the last days."""
    start = first_day(days)
    rows = _drawn_since(start).annotate(day=_Day("created_at")).values_list("day")
    counts = dict(rows.annotate(count=Count("pk")))
    every_day = (start + timedelta(days=number) for number in range(days))
    return [(day, counts.get(day, 0)) for day in every_day]


def drawings_before(days: int) -> int:
    """How many were drawn in the same number of days before these."""
    until = first_day(days)
    earlier = _drawn_since(until - timedelta(days=days))
    return earlier.filter(created_at__lt=_since(until)).count()


def _answered_since(day: date) -> QuerySet[Any]:
    """Drawings with the answer that the person got."""
    answer = FilteredRelation("predictions", condition=Q(predictions__served=True))
    return _drawn_since(day).annotate(answer=answer).filter(answer__isnull=False)


def agreement(days: int, step: int) -> dict[int, list[Agreement]]:
    """By version, one for every `step` days: do its first answers agree with people's labels?

    The newest versions have entries of their own; 0 stands for all others.
    """
    start = first_day(days)
    said = FilteredRelation("labels", condition=Q(labels__state="approved"))
    agrees = Q(said__value=F("answer__text")) | Q(said__value=NOT_A_DIGIT, answer__text="")
    rows = (
        _answered_since(start)
        .annotate(said=said)
        .filter(said__isnull=False)
        .annotate(day=_Day("created_at"))
        .values_list("answer__version__number", "day")
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
    """All versions and days together."""
    return sum((one for line in lines for one in line), Agreement())


@dataclass(frozen=True)
class Readings:
    """What was read in the last days, beside the days before."""

    shares: list[Share]
    now_sure: float | None
    before_sure: float | None


def readings(days: int) -> Readings:
    """The share of every digit and of what was refused, and how sure the answers were."""
    recent = Q(created_at__gte=_since(first_day(RECENT_DAYS)))
    rows = (
        _answered_since(first_day(days))
        # By the column itself SQLite would walk its index through all readings there ever were.
        .annotate(read=Concat("answer__text", Value("")))
        .values_list("read")
        .annotate(
            now=Count("pk", filter=recent),
            every=Count("pk"),
            now_sure=Sum("answer__confidence", filter=recent, default=0.0),
            every_sure=Sum("answer__confidence", default=0.0),
        )
    )
    found = {text: (now, every - now, sure, all_ - sure) for text, now, every, sure, all_ in rows}
    read = {text: counts for text, counts in found.items() if text}
    now_of, before_of = (sum(row[which] for row in found.values()) for which in (0, 1))
    names = [*DIGITS, *sorted(read.keys() - set(DIGITS)), ""]
    shares = []
    for name in names:
        now, before, *_ = found.get(name, (0, 0))
        shares.append(Share(name or "refused", now, now_of, before, before_of))
    return Readings(shares, _mean(read, 2, 0), _mean(read, 3, 1))


def _mean(read: dict[str, Any], of: int, by: int) -> float | None:
    count = sum(row[by] for row in read.values())
    return sum(row[of] for row in read.values()) / count if count else None
