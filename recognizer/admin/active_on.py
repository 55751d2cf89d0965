"""Which versions were active on one day, in the site's time zone."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from recognizer.models import ModelVersion, Promotion

PARAMETER = "day"


class DayForm(forms.Form):
    day = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}),
        # The first and last day of Python's calendar have no yesterday or tomorrow.
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(9999, 1, 1))],
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """The form and, if a day was chosen, which versions were active then.

    Removes the day from the request's query, as the list would take it for a filter.
    """
    query = request.GET.copy()
    asked = PARAMETER in query
    form = DayForm({PARAMETER: query.pop(PARAMETER)[-1]} if asked else None)
    request.GET = query  # type: ignore[assignment]
    if not (asked and form.is_valid()):
        return {"day_form": form}
    day: date = form.cleaned_data["day"]
    return {"day_form": form, "day": day, "day_in_words": in_words(day)}


def in_words(day: date) -> str:
    """Describe which version was active on a day, and when another replaced it."""
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    if start > timezone.now():
        return _("That day is in the future.")
    first = ModelVersion.objects.active_on(start - timedelta(microseconds=1))
    words = [
        _("%(version)s at the start of the day") % {"version": first}
        if first
        else _("No version at the start of the day")
    ]
    changes = Promotion.objects.filter(promoted_at__gte=start, promoted_at__lt=end)
    for change in changes.select_related("version").order_by("promoted_at", "pk"):
        at = f"{timezone.localtime(change.promoted_at):%H:%M}"
        words.append(_("%(version)s from %(time)s") % {"version": change.version, "time": at})
    if len(words) == 1 and first:
        return _("%(version)s, all day.") % {"version": first}
    zone = f" ({timezone.get_current_timezone_name()})" if len(words) > 1 else ""
    return f"{'; '.join(words)}{zone}."


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
