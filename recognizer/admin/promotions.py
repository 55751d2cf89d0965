from django.contrib import admin
from django.utils.translation import gettext_lazy

from recognizer.admin.read_only import ReadOnlyAdmin
from recognizer.models import Promotion
from recognizer.registry import reasons


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin[Promotion]):
    """Which version was active when."""

    date_hierarchy = "promoted_at"
    list_display = [
        "promoted_at",
        "version",
        "replaced",
        "rollback",
        "override",
        "promoted_by",
        "reason_shown",
    ]
    list_filter = ["promoted_at", "rollback", "override"]
    list_select_related = ["version", "replaced", "promoted_by"]
    search_fields = ["reason", "promoted_by__username", "=version__number"]
    fields = [
        "promoted_at",
        "version",
        "replaced",
        "rollback",
        "override",
        "promoted_by",
        "reason_shown",
    ]
    readonly_fields = ["reason_shown"]

    @admin.display(description=gettext_lazy("reason"), ordering="reason")
    def reason_shown(self, promotion: Promotion) -> str:
        return reasons.of_promotion(promotion) or "-"
