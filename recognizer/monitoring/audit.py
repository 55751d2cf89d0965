"""The audit log: who did what as staff, when and from where."""

import getpass
import ipaddress
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from recognizer.models import ApiToken, Promotion, StaffAct

_NAMED = 20


def note(request: Any, act: StaffAct.Act, what: str, *, by: Any = None) -> StaffAct:
    """Log an action of the user of a request, Django's or DRF's."""
    by = by or request.user
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        via = f"API token {token.prefix}…"
    else:
        via = "page" if isinstance(request, HttpRequest) else "API"
    return StaffAct.objects.create(
        act=act,
        by=by,
        by_name=by.get_username(),
        what=what,
        via=via,
        address=_address(request.META.get("REMOTE_ADDR", "")),
    )


def note_command(act: StaffAct.Act, what: str) -> StaffAct:
    """Log a management command, under the name of the operating system's user."""
    return StaffAct.objects.create(act=act, by_name=_system_name(), what=what, via="command line")


def promoted(promotion: Promotion) -> tuple[StaffAct.Act, str]:
    """The kind of action that a promotion is, and its description with the reason."""
    act = StaffAct.Act.OVERRIDE if promotion.override else StaffAct.Act.PROMOTE
    return act, because(str(promotion.version), promotion.reason)


def because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what


def these(rows: Iterable[Any]) -> str:
    """The names of rows; for many rows, the first names and the number of others."""
    rows = rows if isinstance(rows, QuerySet) else list(rows)
    names = [str(row) for row in rows[: _NAMED + 1]]
    if len(names) <= _NAMED:
        return ", ".join(names)
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    return f"{', '.join(names[:_NAMED])} and {count - _NAMED:,} more"


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _system_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "somebody"
