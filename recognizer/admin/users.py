"""Django's pages for users and groups; changes there are also in the audit log."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from recognizer.models import StaffAct
from recognizer.monitoring import audit

admin.site.unregister([User, Group])


class _Audited:
    """Records in the audit log what Django logs."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        audit.note(request, StaffAct.Act.ACCOUNT, f"added {_named(obj)}")
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        entry = super().log_change(request, obj, message)  # type: ignore[misc]
        words = f"{_named(obj)}: {entry.get_change_message()}"
        audit.note(request, StaffAct.Act.ACCOUNT, words)
        return entry

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        names = audit.these(_named(obj) for obj in queryset)
        audit.note(request, StaffAct.Act.ACCOUNT, f"deleted {names}")
        return super().log_deletions(request, queryset)  # type: ignore[misc]


@admin.register(User)
class UserAdmin(_Audited, DjangosUserAdmin):  # type: ignore[type-arg]
    pass


@admin.register(Group)
class GroupAdmin(_Audited, DjangosGroupAdmin):
    pass


def _named(obj: Any) -> str:
    return f"{obj._meta.verbose_name} {obj}"
