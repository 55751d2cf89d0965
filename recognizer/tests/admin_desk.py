"""Helpers for tests of admin pages."""

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext


def choose_action(client: Client, url: str, action: str, *rows: models.Model) -> Any:
    """Run an admin action on these rows of the list at `url`, or on none."""
    chosen = {ACTION_CHECKBOX_NAME: [row.pk for row in rows]} if rows else {}
    return client.post(url, {"action": action, "index": "0", **chosen}, follow=True)


def words(response: HttpResponse) -> list[str]:
    """The messages that the page shows."""
    return [str(message) for message in response.context["messages"]]  # type: ignore[attr-defined]


def queries_of(client: Client, url: str) -> int:
    """The number of queries that the page takes."""
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)
