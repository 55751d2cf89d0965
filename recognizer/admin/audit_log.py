from django.contrib import admin
from django.utils.translation import gettext_lazy

from recognizer.admin.keyset_lists import DatedAdmin
from recognizer.admin.people_filters import ActorFilter
from recognizer.models import StaffAct


@admin.register(StaffAct)
class StaffActAdmin(DatedAdmin[StaffAct]):
    """The audit log: what staff did, when and from where."""

    date_hierarchy = "at"
    list_display = ["at", "by_name", "act", "what", "via", "address"]
    list_filter = ["act", "at", ActorFilter]
    search_fields = ["by_name", "what", "via", "=address"]
    search_help_text = gettext_lazy("User, details, beginning of a token, or address.")
    fields = ["at", "by_name", "by", "act", "what", "via", "address"]
