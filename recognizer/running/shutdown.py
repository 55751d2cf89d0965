"""Whether this web process was asked to end, and only has yet to be left by its proxy.

Knows nothing of Django.
"""

import threading
from typing import Any

_asked = threading.Event()


def begin() -> None:
    """From now on /healthz says no, and each answer closes its connection."""
    _asked.set()


def is_under_way() -> bool:
    """Whether no new connection is wanted here any more."""
    return _asked.is_set()


def forget() -> None:
    """As if nobody had asked."""
    _asked.clear()


def closing(send: Any) -> Any:
    """ASGI's `send`, which lets the proxy know with each answer that the connection ends with it.

    A request that is sent just as an idle connection is closed would be lost.
    """

    async def send_and_close(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            message = {**message, "headers": headers}
        await send(message)

    return send_and_close
