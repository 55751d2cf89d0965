from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from recognizer.admin.keyset_lists import DatedAdmin
from recognizer.admin.people_filters import ActorFilter, by_any
from recognizer.models import Review


@admin.register(Review)
class ReviewAdmin(DatedAdmin[Review]):
    """Decisions at the review desk, by whom and when, including undone ones."""

    date_hierarchy = "created_at"
    list_display = ["created_at", "drawing", "in_words", "queue", "by", "undone_at"]
    list_filter = ["queue", "verdict", "created_at", ActorFilter]
    list_select_related = ["drawing", "by"]
    search_fields = ["value"]  # shows the search box; `get_search_results` searches
    search_help_text = gettext_lazy("A label, or the user who decided.")
    fields = ["created_at", "drawing", "in_words", "queue", "by", "undone_at"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Review], search_term: str
    ) -> tuple[QuerySet[Review], bool]:
        term = search_term.strip()
        found = Q(value=term) | by_any(term, "by")
        return (queryset.filter(found) if term else queryset), False

    @admin.display(description=gettext_lazy("decision"))
    def in_words(self, review: Review) -> str:
        return review.in_words
