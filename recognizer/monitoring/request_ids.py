"""The id that ties together what is logged about one request, also by the worker it wakes."""

import re
import secrets
from contextvars import ContextVar

HEADER = "X-Request-ID"

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of what this thread is doing; "" outside requests and tasks."""

# It stands in log lines and in answers, so nothing that could break or forge one.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,63}")


def sane_or_new(given: str | None) -> str:
    """The id that a proxy or client gave, else a fresh one."""
    return given if given and _SANE.fullmatch(given) else secrets.token_hex(16)
