"""The way in for uvicorn.

Plain HTTP goes through WSGI in threads: Django under ASGI costs 3-5 ms of CPU a
request, the same view under WSGI 1.1-1.4.
"""

import asyncio
import json
from typing import Any

from django.conf import settings

from mnist_site.wsgi import application as wsgi_application
from mnist_site.wsgi_threads import Threads
from recognizer.running import ending

SECONDS_FOR_A_BODY = 20.0
"""How long a client may take to send a request's body."""

_threads = Threads(wsgi_application, workers=8)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Hand a request to a thread once its whole body is here.

    A thread would wait for the body without end: as few clients as there are threads,
    each sending a byte now and then, would stop the site.
    """
    if scope["type"] != "http":
        return
    if ending.is_under_way():
        send = ending.closing(send)
    try:
        async with asyncio.timeout(SECONDS_FOR_A_BODY):
            body = await _whole_body(receive)
    except TimeoutError:
        await _refuse(send, 408, "The body did not arrive in time.")
        return
    except ConnectionResetError:
        return
    if body is None:
        await _refuse(send, 413, f"The body is over {settings.MAX_BODY_BYTES:,} bytes.")
        return
    await _threads.answer(scope, body, send)


async def _whole_body(receive: Any) -> bytes | None:
    """All of it, or None if it is too long."""
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


async def _refuse(send: Any, status: int, detail: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})
