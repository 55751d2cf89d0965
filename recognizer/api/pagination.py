"""How long lists are cut."""

from datetime import UTC

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class NewestFirstPagination(CursorPagination):
    """By creation, newest first: a page costs the same however deep it lies."""

    ordering = ("-created_at", "-pk")
    page_size_query_param = "page_size"
    max_page_size = 200
    cursor_query_description = "From `next` or `previous` of another page; empty for the first."
    page_size_query_description = "How many to return; 50 by default, at most 200."

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The client's cursor; one that DRF's own check lets through is a 404 too."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                known = parse_datetime(str(cursor.position))
                known = known and known.astimezone(UTC)  # it may be beyond the first or last year
            except (ValueError, OverflowError):
                known = None
            if known is None:
                raise NotFound(self.invalid_cursor_message)
        return cursor
