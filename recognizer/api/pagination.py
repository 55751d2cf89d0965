"""How long lists are cut."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """By creation, newest first: a page costs the same however deep it lies."""

    ordering = ("-created_at", "-pk")
    page_size_query_param = "page_size"
    max_page_size = 200
