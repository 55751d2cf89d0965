"""Whether this web process is draining: about to stop, while its proxy still sends requests.

Does not depend on Django.
"""

import threading
from typing import Any

_begun = threading.Event()


def begin() -> None:
    """Make /healthz fail and each response close its connection from now on."""
    _begun.set()


def is_under_way() -> bool:
    """Whether this process no longer wants new connections."""
    return _begun.is_set()


def forget() -> None:
    """Undo `begin`."""
    _begun.clear()


def closing(send: Any) -> Any:
    """Wrap ASGI's `send` to tell the proxy that each response closes its connection.

    Otherwise a request sent just as an idle connection is closed would be lost.
    """

    async def send_and_close(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            message = {**message, "headers": headers}
        await send(message)

    return send_and_close
