from django.contrib import admin

from recognizer.admin.read_only import ReadOnlyAdmin
from recognizer.models import Promotion


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin[Promotion]):
    """Which version answered when."""

    date_hierarchy = "promoted_at"
    list_display = [
        "promoted_at",
        "version",
        "replaced",
        "rollback",
        "override",
        "promoted_by",
        "reason",
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
        "reason",
    ]
