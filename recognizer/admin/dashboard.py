"""The staff dashboard: what happens on the site."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from recognizer.admin import overview
from recognizer.admin.overview import Agreement
from recognizer.admin.read_only import may_change, may_view
from recognizer.admin.thumbnails import percent
from recognizer.backing import broker
from recognizer.language.formats import grouped, with_decimals
from recognizer.models import Drawing, ModelVersion, Promotion, Review, TrainingRun

PERIODS = {30: 3, 90: 7}
"""Days to look back, and how many of them make one point of an agreement line."""

RUNS_SHOWN = 8

KEPT_FROM = 2_000
KEPT_SECONDS = 300
"""With at least KEPT_FROM drawings in the period, its counts are cached for KEPT_SECONDS."""


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Run a constant number of queries, each bounded by the days that are shown.

    The counts are cached if these days hold many drawings.
    """
    if not may_view(request, "drawing"):
        raise PermissionDenied
    days = 90 if request.GET.get("days") == "90" else 30
    context = {
        **admin.site.each_context(request),
        "title": _("Dashboard"),
        "days": days,
        "periods": list(PERIODS),
        **_counted(days),
        **_queues(request),
        **_active_version(request),
        **_runs(request),
    }
    return render(request, "admin/recognizer/dashboard.html", context)


def _counted(days: int) -> dict[str, Any]:
    key = f"dashboard:{days}:{get_language()}"
    with suppress(RedisError):
        if kept := cache.get(key):
            return dict(kept)
    fresh = {**_drawings(days), **_agreement(days, PERIODS[days]), **_predictions(days)}
    if sum(fresh["drawings_chart"]["lines"][0]["values"]) >= KEPT_FROM:
        with suppress(RedisError):
            cache.set(key, {**fresh, "counted_at": timezone.now()}, KEPT_SECONDS)
    return fresh


def _drawings(days: int) -> dict[str, Any]:
    counts = overview.drawings_a_day(days)
    return {
        "drawn": grouped(sum(count for _day, count in counts)),
        "drawn_before": grouped(overview.drawings_before(days)),
        "has_drawn": any(count for _day, count in counts),
        "drawings_a_day": [(day, grouped(count)) for day, count in reversed(counts)],
        "drawings_chart": {
            "days": [day.isoformat() for day, _ in counts],
            "lines": [{"name": _("Drawings"), "values": [count for _, count in counts]}],
        },
    }


def _agreement(days: int, step: int) -> dict[str, Any]:
    lines = overview.agreement(days, step)
    start = overview.first_day(days)
    count = len(next(iter(lines.values()), []))
    starts = [start + timedelta(days=step * number) for number in range(count)]
    names = {
        number: _("Version %(number)s") % {"number": number} if number else _("Earlier versions")
        for number in lines
    }
    return {
        "agreement": _with_percent(overview.total(lines.values())),
        "agreement_names": list(names.values()),
        "agreement_rows": [
            (_span(day, step), [_with_percent(line[place]) for line in lines.values()])
            for place, day in reversed(list(enumerate(starts)))
        ],
        "agreement_chart": {
            "days": [day.isoformat() for day in starts],
            "lines": [
                {"name": names[number], "values": [one.share for one in line]}
                for number, line in lines.items()
            ],
        },
    }


def _with_percent(one: Agreement) -> dict[str, Any]:
    words = _("%(part)s of %(all)s")
    words %= {"part": grouped(one.agreed), "all": grouped(one.labelled)}
    return {"percent": percent(one.share, 1), "words": words, "labelled": one.labelled}


def _span(day: date, step: int) -> str:
    first = date_format(day, _("j M"))
    if step == 1:
        return first
    last = date_format(day + timedelta(days=step - 1), _("j M"))
    return _("%(low)s to %(high)s") % {"low": first, "high": last}


def _predictions(days: int) -> dict[str, Any]:
    found = overview.readings(days)
    most = max((max(row.now_share, row.before_share) for row in found.shares), default=0) or 1
    return {
        "recent_days": overview.RECENT_DAYS,
        "most_read": grouped(overview.MOST_READ),
        "is_cut": overview.MOST_READ in {found.shares[0].now_of, found.shares[0].before_of},
        "days_before": days - overview.RECENT_DAYS,
        "has_read": any(row.now_of or row.before_of for row in found.shares),
        "now_of": grouped(found.shares[0].now_of),
        "before_of": grouped(found.shares[0].before_of),
        "now_sure": percent(found.now_sure, 1),
        "before_sure": percent(found.before_sure, 1),
        "shares": [
            {
                "name": row.name,
                "now": percent(row.now_share, 1),
                "before": percent(row.before_share, 1),
                # Bar widths, relative to the longest bar.
                "now_width": f"{row.now_share / most:.1%}",
                "before_width": f"{row.before_share / most:.1%}",
                "change": _points(row.now_share - row.before_share),
                "stands_out": row.stands_out,
            }
            for row in found.shares
        ],
    }


def _points(change: float) -> str:
    words = f"{change * 100:+.1f}".replace("-", "\N{MINUS SIGN}")
    return with_decimals(words if words.strip("+\N{MINUS SIGN}0.") else "0.0")


def _queues(request: HttpRequest) -> dict[str, Any]:
    may_review = may_change(request, "drawing")
    return {
        "may_review": may_review,
        "review_queues": Review.Queue.choices,
        "counts_url": reverse("admin:recognizer_drawing_desk_counts") if may_review else "",
        "any_drawings": Drawing.objects.exists(),
        "messages_waiting": broker.messages_waiting(),
    }


def _active_version(request: HttpRequest) -> dict[str, Any]:
    active = ModelVersion.objects.active()
    promotions = Promotion.objects.filter(version=active).order_by("-promoted_at", "-pk")
    return {
        "active": active,
        "active_since": promotions.values_list("promoted_at", flat=True).first(),
        "may_view_versions": may_view(request, "modelversion"),
    }


def _runs(request: HttpRequest) -> dict[str, Any]:
    if not may_view(request, "trainingrun"):
        return {"may_view_runs": False}
    runs = TrainingRun.objects.select_related("requested_by", "version")
    unread = ("log", "history", "parameters", "error", "version__metrics")
    return {"may_view_runs": True, "runs": runs.defer(*unread).order_by("-pk")[:RUNS_SHOWN]}
