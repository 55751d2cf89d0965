from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer.admin.keyset_lists import DatedAdmin
from recognizer.admin.people_filters import DeciderFilter, by_any
from recognizer.admin.read_only import may_change, selected, staff
from recognizer.admin.thumbnails import giver, reading, thumbnail
from recognizer.drawings import review
from recognizer.language.formats import label_in_words
from recognizer.models import Label, ModelVersion, StaffAct
from recognizer.models.label import LabelQuerySet
from recognizer.monitoring import audit


class ValueFilter(admin.SimpleListFilter):
    title = gettext_lazy("value")
    parameter_name = "value"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, label_in_words(value)) for value in ModelVersion.objects.choices()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Label]) -> QuerySet[Label]:
        return queryset if self.value() is None else queryset.filter(value=self.value())


@admin.register(Label)
class LabelAdmin(DatedAdmin[Label]):
    """Every label ever given; a label is deleted only with its drawing."""

    date_hierarchy = "created_at"
    list_per_page = 50
    list_display = [
        "picture_seen",
        "value",
        "read",
        "state_shown",
        "giver",
        "created_at",
        "decided_by",
        "decided_at",
    ]
    list_display_links = ["value"]
    list_filter = ["state", ValueFilter, "created_at", DeciderFilter]
    search_fields = ["value"]  # shows the search box; `get_search_results` searches
    search_help_text = gettext_lazy("A label, or the user who gave or reviewed it.")
    fields = [
        "picture_seen",
        "value",
        "read",
        "state_shown",
        "giver",
        "created_at",
        "decided_by",
        "decided_at",
    ]
    actions = ["approve", "refuse"]

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Staff who may review drawings may decide on their labels."""
        return may_change(request, "drawing")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        return (
            super()
            .get_queryset(request)
            .select_related("drawing", "given_by", "decided_by")
            .defer("drawing__ink", "drawing__picture")
            .prefetch_related("drawing__predictions")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Label], search_term: str
    ) -> tuple[QuerySet[Label], bool]:
        term = search_term.strip()
        if term in ModelVersion.objects.choices():
            return queryset.filter(value=term), False
        named = by_any(term, "given_by", "decided_by")
        return (queryset.filter(named) if term else queryset), False

    @admin.display(description=gettext_lazy("drawing"))
    def picture_seen(self, label: Label) -> SafeString:
        url = reverse("admin:recognizer_drawing_change", args=[label.drawing_id])
        return format_html('<a href="{}">{}</a>', url, thumbnail(label.drawing))

    @admin.display(description=gettext_lazy("prediction"))
    def read(self, label: Label) -> str:
        return reading(label.drawing.predictions.served())

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, label: Label) -> SafeString:
        return format_html(
            '<span class="hw-state hw-{}">{}</span>', label.state, label.get_state_display()
        )

    @admin.display(description=gettext_lazy("given by"), ordering="given_by__username")
    def giver(self, label: Label) -> str:
        return giver(label)

    @admin.action(description=gettext_lazy("Approve the selected labels"), permissions=["act"])
    def approve(self, request: HttpRequest, labels: QuerySet[Label]) -> None:
        # Oldest first: of two labels for one drawing, the newer stays approved.
        chosen = list(labels.exclude(state=Label.State.APPROVED).order_by("pk"))
        names = _named(chosen)
        for label in chosen:
            review.settle(label, staff(request))
        self._tell(request, StaffAct.Act.APPROVE, _("Approved: %(count)s."), len(chosen), names)

    @admin.action(description=gettext_lazy("Refuse the selected labels"), permissions=["act"])
    def refuse(self, request: HttpRequest, labels: LabelQuerySet) -> None:
        chosen = selected(labels)
        names = _named(chosen.exclude(state=Label.State.REFUSED).select_related("drawing"))
        count = chosen.refuse(staff(request))
        self._tell(request, StaffAct.Act.REFUSE, _("Refused: %(count)s."), count, names)

    def _tell(
        self, request: HttpRequest, act: StaffAct.Act, words: str, count: int, names: str
    ) -> None:
        if count:
            audit.note(request, act, names)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)


def _named(labels: Iterable[Label]) -> str:
    return audit.these(f"{label.value} for {label.drawing}" for label in labels)
