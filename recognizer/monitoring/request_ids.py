"""The id that connects all log lines of a request, including those of the worker."""

import re
import secrets
from contextvars import ContextVar

HEADER = "X-Request-ID"

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the current request or task; "" outside both."""

# The id appears in log lines and headers, so it must not be able to break or forge them.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,63}")


def sane_or_new(given: str | None) -> str:
    """The id that a proxy or client sent if it is valid, else a new one."""
    return given if given and _SANE.fullmatch(given) else secrets.token_hex(16)
