"""A page that replays stored drawings with a version, beside another."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import (
    ALL_VAR,
    ERROR_FLAG,
    ORDER_VAR,
    PAGE_VAR,
    ChangeList,
)
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer.admin import every_version
from recognizer.admin.keyset_lists import MOST_COUNTED, count_at_most
from recognizer.admin.read_only import ReadOnlyAdmin
from recognizer.language.formats import grouped
from recognizer.models import Drawing, ModelVersion

THROUGH, AGAINST, IDS = "through", "against", "ids"
"""Parameters that this page adds to the filters of the list of drawings."""

MOST_IDS = 1000

_NO_FILTERS = (THROUGH, AGAINST, IDS, PAGE_VAR, ORDER_VAR, ALL_VAR, ERROR_FLAG, "_facets")

PRESETS = {
    gettext_lazy("All drawings"): {},
    gettext_lazy("With an approved label"): {"label": "approved"},
    gettext_lazy("Approved and in the test set"): {"label": "approved", "held_out__exact": "1"},
    gettext_lazy("Corrected"): {"label": "corrected"},
}


class SelectionError(ValueError):
    """The URL selects no drawings; the message says why."""


@dataclass(frozen=True)
class Selection:
    """The drawings that a URL selects, in words, and the parameters that select them."""

    drawings: QuerySet[Drawing]
    count: int
    words: str
    query: list[tuple[str, str]]


class VersionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # as in the stubs only
    """A version, chosen by its number."""

    def __init__(self, **options: Any) -> None:
        versions = ModelVersion.objects.select_related("run")
        unknown = {"invalid_choice": gettext_lazy("There is no such version.")}
        super().__init__(versions, to_field_name="number", error_messages=unknown, **options)

    def label_from_instance(self, version: ModelVersion) -> str:
        return f"{version} ({version.get_state_display()})"


class VersionsForm(forms.Form):
    through = VersionField(label=gettext_lazy("Read them with"), empty_label=None)
    against = VersionField(
        label=gettext_lazy("Compare with"),
        required=False,
        empty_label=gettext_lazy("The original predictions"),
    )


class ReplayingAdmin(ReadOnlyAdmin[Drawing]):
    """For all staff who may view drawings: nothing is stored."""

    @admin.action(description=gettext_lazy("Replay with a version…"), permissions=["view"])
    def replay(self, request: HttpRequest, drawings: QuerySet[Drawing]) -> HttpResponse:
        if request.POST.get("select_across") == "1":
            return HttpResponseRedirect(replay_page(_filters(request.GET)))
        chosen = ",".join(map(str, drawings.order_by("-pk").values_list("pk", flat=True)))
        return HttpResponseRedirect(replay_page({IDS: chosen}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        return [path("replay/", view, name="recognizer_drawing_replay"), *super().get_urls()]

    def replay_view(self, request: HttpRequest) -> HttpResponse:
        """Show a form for the versions and, once they are chosen, what they predict."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            selection = self._selection(request)
        except SelectionError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(replay_page())
        form = VersionsForm(
            request.GET if THROUGH in request.GET else None,
            initial={THROUGH: _active_number()},
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Replay drawings"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "selection": selection,
            "presets": _presets(request.GET, selection),
            **every_version.size(selection.count),
        }
        if form.is_valid():
            context |= every_version.context(
                selection.drawings, form.cleaned_data[THROUGH], form.cleaned_data[AGAINST]
            )
        return TemplateResponse(request, "admin/recognizer/drawing/replay.html", context)

    def _selection(self, request: HttpRequest) -> Selection:
        if IDS in request.GET:
            return _chosen(request.GET[IDS])
        filters = _filters(request.GET)
        list_request = copy(request)
        list_request.GET = filters  # type: ignore[assignment]
        try:
            listed = self.get_changelist_instance(list_request)
        except IncorrectLookupParameters:
            raise SelectionError(_("There is no such filter.")) from None
        return Selection(
            listed.queryset,
            count_at_most(listed.queryset, MOST_COUNTED),
            "; ".join([*_filtered(listed), *_day(filters), *_search(filters)]) or _("all"),
            [(name, value) for name, values in filters.lists() for value in values],
        )


def replay_page(query: Any = ()) -> str:
    """The URL of the page for the drawings that `query` selects."""
    encoded = query.urlencode() if isinstance(query, QueryDict) else urlencode(query)
    return reverse("admin:recognizer_drawing_replay") + (f"?{encoded}" if encoded else "")


def _active_number() -> int | None:
    active = ModelVersion.objects.active()
    return active.number if active else None


def _filters(query: QueryDict) -> QueryDict:
    """The parameters that filter the list of drawings."""
    filters = query.copy()
    for name in _NO_FILTERS:
        filters.pop(name, None)
    return filters


def _chosen(ids: str) -> Selection:
    numbers = ids.split(",")[: MOST_IDS + 1]
    if len(numbers) > MOST_IDS:
        raise SelectionError(
            _("At most %(most)s drawings can be chosen one by one.") % {"most": grouped(MOST_IDS)}
        )
    if not all(number.isascii() and number.isdecimal() and len(number) < 19 for number in numbers):
        raise SelectionError(_("The URL selects no drawings."))
    drawings = Drawing.objects.filter(pk__in=[int(number) for number in numbers])
    return Selection(drawings, drawings.count(), _("chosen one by one"), [(IDS, ids)])


def _filtered(listed: ChangeList) -> Iterator[str]:
    """The list's filters in use, each with its title and value."""
    for spec in listed.filter_specs:
        if used := spec.used_parameters:
            chosen = [choice["display"] for choice in spec.choices(listed) if choice["selected"]]
            yield f"{spec.title}: {', '.join(map(str, chosen or used.values()))}"


def _day(filters: QueryDict) -> list[str]:
    """The year, month or day that the list is narrowed to."""
    parts = [filters.get(f"created_at__{part}") for part in ("year", "month", "day")]
    shown = "-".join(part.zfill(2) for part in parts if part)
    return [_("drawn %(day)s") % {"day": shown}] if shown else []


def _search(filters: QueryDict) -> list[str]:
    term = filters.get("q", "").strip()
    return [_("search: %(term)s") % {"term": term}] if term else []


def _presets(query: QueryDict, selection: Selection) -> list[dict[str, Any]]:
    """Links to common selections that keep the chosen versions."""
    versions = {name: query[name] for name in (THROUGH, AGAINST) if name in query}
    return [
        {
            "name": name,
            "url": replay_page({**filters, **versions}),
            "now": sorted(filters.items()) == sorted(selection.query),
        }
        for name, filters in PRESETS.items()
    ]
