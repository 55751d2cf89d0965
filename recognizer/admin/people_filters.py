"""Filters by person. They list all staff: finding those with rows would scan the table."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

MOST_SHOWN = 200
MOST_USERS = 20
"""A search finds the rows of at most this many users whose names contain the term."""


class StaffFilter(admin.SimpleListFilter):
    """Filter by a member of staff; `parameter_name` is also the lookup."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        staff = User.objects.filter(is_staff=True).order_by("username")
        rows = staff.values_list("pk", "username")[:MOST_SHOWN]
        return [(str(pk), name) for pk, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None or not value.isdecimal():
            return queryset
        return queryset.filter(**{str(self.parameter_name): value})


class DeciderFilter(StaffFilter):
    title = gettext_lazy("decided by")
    parameter_name = "decided_by__id__exact"


class ActorFilter(StaffFilter):
    title = gettext_lazy("who")
    parameter_name = "by__id__exact"


def users_named(term: str) -> list[int]:
    """The first users whose names contain the term."""
    users = User.objects.filter(username__icontains=term).order_by("pk")
    return list(users.values_list("pk", flat=True)[:MOST_USERS])


def by_any(term: str, *fields: str) -> Q:
    """Rows where one of the fields is a user whose name contains the term."""
    users, found = users_named(term), Q()
    for field in fields:
        found |= Q(**{f"{field}__in": users})
    return found
