"""The filters beside the list of drawings.

No index answers a `one_by_one` filter: the list scans a limited number of rows, narrowed by the
filter's `by_index` if it has one. The rows that match a `scattered` filter lie far apart.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.contract import DIGITS
from recognizer.models import Drawing, ModelVersion, Prediction

Choices = Iterable[tuple[str, Any]]

_MOMENT = timedelta(minutes=1)


def _served(**lookups: Any) -> Subquery:
    """Whether a drawing's served prediction matches these lookups.

    Not an EXISTS: where few predictions match, PostgreSQL would collect all of them first, even
    for a page that scans a few thousand drawings.
    """
    served = Prediction.objects.filter(drawing=OuterRef("pk"), served=True)
    matches = ExpressionWrapper(Q(**lookups), output_field=BooleanField())
    return Subquery(served.order_by().annotate(matches=matches).values("matches")[:1])


class DigitFilter(admin.SimpleListFilter):
    one_by_one = True
    title = gettext_lazy("predicted digit")
    parameter_name = "read"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            *((digit, digit) for digit in _classes()),
            ("rejected", gettext_lazy("Nothing (rejected)")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Drawing]) -> QuerySet[Drawing]:
        if self.value() is None:
            return queryset
        if self.value() == "rejected":
            return queryset.filter(_served(text=""))
        return queryset.filter(_served(text=self.value()))


def _classes() -> Iterable[str]:
    active = ModelVersion.objects.active()
    return active.symbols if active else DIGITS


class ConfidenceFilter(admin.SimpleListFilter):
    one_by_one = True
    title = gettext_lazy("confidence")
    parameter_name = "confidence"

    BANDS = {
        "0-50": (gettext_lazy("Below 50 %"), 0.0, 0.5),
        "50-80": (gettext_lazy("50 to 80 %"), 0.5, 0.8),
        "80-95": (gettext_lazy("80 to 95 %"), 0.8, 0.95),
        "95-99": (gettext_lazy("95 to 99 %"), 0.95, 0.99),
        "99-100": (gettext_lazy("99 % and more"), 0.99, 1.01),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(key, name) for key, (name, _, _) in self.BANDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Drawing]) -> QuerySet[Drawing]:
        if self.value() not in self.BANDS:
            return queryset
        _, least, below = self.BANDS[str(self.value())]
        return queryset.filter(_served(confidence__gte=least, confidence__lt=below))


class LabelFilter(admin.SimpleListFilter):
    title = gettext_lazy("label")
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("none", _("No label")),
            ("suggested", _("Suggested, to review")),
            ("approved", _("Approved")),
            ("refused", _("Only refused")),
            ("corrected", _("Corrected")),
        ]

    @property
    def one_by_one(self) -> bool:
        return self.value() == "none"

    @property
    def scattered(self) -> bool:
        return self.value() in {"suggested", "approved", "refused", "corrected"}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Drawing]) -> QuerySet[Drawing]:
        flags: dict[str, dict[str, Any]] = {
            "none": dict.fromkeys(("is_suggested", "is_approved", "is_refused")),
            "suggested": {"is_suggested": True},
            "approved": {"is_approved": True},
            "refused": {"is_refused": True},
            "corrected": {"is_corrected": True},
        }
        return queryset.filter(**flags.get(str(self.value()), {}))


class SourceFilter(admin.ChoicesFieldListFilter):
    one_by_one = True


class HeldOutFilter(admin.BooleanFieldListFilter):
    one_by_one = True


class VersionFilter(admin.SimpleListFilter):
    one_by_one = True
    title = gettext_lazy("model version")
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        numbers = ModelVersion.objects.values_list("number", flat=True)
        return [(str(number), _("Version %(number)s") % {"number": number}) for number in numbers]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Drawing]) -> QuerySet[Drawing]:
        narrowed = self.by_index(request, queryset)
        return narrowed.filter(_served(version=self._version)) if self._version else narrowed

    def by_index(self, request: HttpRequest, queryset: QuerySet[Drawing]) -> QuerySet[Drawing]:
        """Drawings made while the version was active."""
        if self._number is None:
            return queryset
        if self._version is None or self._span is None:
            return queryset.none()
        return queryset.filter(created_at__range=self._span)

    @cached_property
    def _number(self) -> int | None:
        value = self.value() or ""
        return int(value) if value.isdecimal() else None

    @cached_property
    def _version(self) -> ModelVersion | None:
        if self._number is None:
            return None
        return ModelVersion.objects.filter(number=self._number).first()

    @cached_property
    def _span(self) -> tuple[datetime, datetime] | None:
        """From the version's first to its last prediction, so that newer ones are not scanned."""
        assert self._version is not None
        # A range: with equality, PostgreSQL would walk all newer predictions by primary key.
        served = Prediction.objects.filter(
            version__gte=self._version.pk, version__lte=self._version.pk, served=True
        ).order_by("version_id", "pk")
        times = served.values_list("created_at", flat=True)
        first, last = times.first(), times.last()
        if first is None or last is None:
            return None
        # Processes serve in parallel, and a drawing is stored just before its prediction.
        return first - _MOMENT, last + _MOMENT
