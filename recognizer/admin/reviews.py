from django.contrib import admin
from django.utils.translation import gettext_lazy

from recognizer.admin.newest_first import DatedAdmin
from recognizer.models import Review


@admin.register(Review)
class ReviewAdmin(DatedAdmin[Review]):
    """What was decided at the review desk, by whom and when; the undone ones too."""

    date_hierarchy = "created_at"
    list_display = ["created_at", "drawing", "in_words", "queue", "by", "undone_at"]
    list_filter = ["queue", "verdict", "created_at", ("by", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["drawing", "by"]
    search_fields = ["=value", "by__username"]
    search_help_text = gettext_lazy("A label, or who decided.")
    fields = ["created_at", "drawing", "in_words", "queue", "by", "undone_at"]

    @admin.display(description=gettext_lazy("decision"))
    def in_words(self, review: Review) -> str:
        return review.in_words
