"""Where a sorted list goes on, so that no page costs more than the first.

A cursor is the value that a list is sorted by, and the key, of one of its rows.
"""

from typing import Any, TypeVar

from django.db.models import QuerySet

Cursor = tuple[Any, int]

_Rows = TypeVar("_Rows", bound="QuerySet[Any]")


def after(rows: _Rows, field: str, cursor: Cursor, *, inclusive: bool = False) -> _Rows:
    """The rows that come later where `field` and the key rise."""
    value, pk = cursor
    skipped = {field: value, "pk__lt" if inclusive else "pk__lte": pk}
    # The first condition is what an index can jump to.
    return rows.filter(**{f"{field}__gte": value}).exclude(**skipped)


def before(rows: _Rows, field: str, cursor: Cursor, *, inclusive: bool = False) -> _Rows:
    """The rows that come earlier where `field` and the key rise."""
    value, pk = cursor
    skipped = {field: value, "pk__gt" if inclusive else "pk__gte": pk}
    return rows.filter(**{f"{field}__lte": value}).exclude(**skipped)
