"""Passes a request to a thread once its whole body has arrived.

A thread has no timeout for the body. As many slow clients as there are threads, each sending a
byte now and then, would block the site.
"""

import asyncio
import json
import time
from typing import Any

from django.conf import settings

from mnist_site.wsgi_threads import BusyError, StalledError, Threads
from recognizer.middleware import request_log
from recognizer.monitoring import request_ids
from recognizer.running import shutdown

SECONDS_FOR_A_BODY = 20.0
"""How long a client may take to send a request's body."""

_ID_HEADER = request_ids.HEADER.lower().encode()


class WholeRequests:
    """An ASGI application. Requests that it refuses get an id and are counted like all others."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if shutdown.is_under_way():
            send = shutdown.closing(send)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(SECONDS_FOR_A_BODY):
                body = await _whole_body(receive)
        except TimeoutError:
            await _refuse(scope, send, started, 408, "The body did not arrive in time.")
            return
        except ConnectionResetError:
            return
        if body is None:
            detail = f"The body is over {settings.MAX_BODY_BYTES:,} bytes."
            await _refuse(scope, send, started, 413, detail)
            return
        try:
            await self._threads.answer(scope, body, send)
        except BusyError:
            detail = "Too many requests are waiting; please try again in a moment."
            await _refuse(scope, send, started, 503, detail, (b"retry-after", b"2"))
        except StalledError:
            return


async def _whole_body(receive: Any) -> bytes | None:
    """The whole body; None if it is over MAX_BODY_BYTES."""
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > settings.MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(pieces)


async def _refuse(
    scope: Any, send: Any, started: float, status: int, detail: str, *more: tuple[bytes, bytes]
) -> None:
    given = dict(scope["headers"]).get(_ID_HEADER, b"").decode("latin1")
    seconds = time.perf_counter() - started
    identity = request_log.note_refusal(scope["method"], scope["path"], given, status, seconds)
    headers = [
        (b"content-type", b"application/json"),
        (b"connection", b"close"),
        (_ID_HEADER, identity.encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})
