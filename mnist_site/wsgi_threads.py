"""Runs a WSGI application in threads, for requests whose whole body has arrived.

Most responses are complete and pass from the thread to the event loop in one step. A streamed
response stays in its thread, since it may use that thread's database connection. The thread
sends one piece at a time, so that memory does not fill up behind a slow client. The wait has a
timeout: otherwise as many stalled clients as there are threads would block the site.
"""

import asyncio
import contextvars
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

LARGE_BYTES = 100_000
"""Larger bodies count as large: parsing one takes ten times its size, which is never freed."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BusyError(Exception):
    """Too many requests are waiting for a thread."""


class StalledError(Exception):
    """A client has stopped reading a streamed response."""


class Threads:
    """A WSGI application and the threads that run it.

    Args:
        most_waiting: the most requests in progress or waiting. More would only fill memory
            until their clients give up.
        large_at_once: how many requests with large bodies are handled at a time.
        seconds_for_a_piece: how long a client may take to accept a piece of a stream.
    """

    def __init__(
        self,
        application: Application,
        workers: int,
        *,
        most_waiting: int = 256,
        large_at_once: int = 2,
        seconds_for_a_piece: float = 60.0,
    ) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="wsgi")
        self._most_waiting, self._waiting = most_waiting, 0
        self._large = asyncio.Semaphore(large_at_once)
        self._seconds_for_a_piece = seconds_for_a_piece

    async def answer(self, scope: Any, body: bytes, send: Any) -> None:
        """Answer one request.

        Raises:
            BusyError: too many requests are waiting; this one was not handled.
            StalledError: the client stopped reading, and the response was cut short.
        """
        if self._waiting >= self._most_waiting:
            raise BusyError
        loop = asyncio.get_running_loop()

        def send_from_thread(message: dict[str, Any]) -> None:
            sending = asyncio.run_coroutine_threadsafe(send(message), loop)
            try:
                sending.result(self._seconds_for_a_piece)
            except TimeoutError:
                sending.cancel()
                raise StalledError from None

        # Each request runs in a copy, so that its context variables do not leak into the next.
        run = contextvars.copy_context().run
        environ = _environ(scope, body)
        self._waiting += 1
        try:
            async with self._large if len(body) > LARGE_BYTES else nullcontext():
                messages = await loop.run_in_executor(
                    self._pool, run, self._respond, environ, send_from_thread
                )
        finally:
            self._waiting -= 1
        for message in messages:
            await send(message)

    def _respond(
        self, environ: dict[str, Any], send: Callable[[dict[str, Any]], None]
    ) -> list[dict[str, Any]]:
        """Run the application; return the messages that are still to be sent."""
        start = _Start()
        pieces = self._application(environ, start)
        try:
            if not getattr(pieces, "streaming", True):
                return [start.message, _piece(b"".join(pieces))]
            unsent = True
            for piece in pieces:
                # A generator calls `start` only when it yields its first piece.
                if unsent:
                    send(start.message)
                    unsent = False
                send(_piece(piece, more=True))
            return [start.message, _piece()] if unsent else [_piece()]
        finally:
            getattr(pieces, "close", lambda: None)()


class _Start:
    """WSGI's `start_response`, which stores the status and headers."""

    message: dict[str, Any]

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> None:
        self.message = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [
                (name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers
            ],
        }


def _piece(content: bytes = b"", *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    """The WSGI environ (PEP 3333) of a request: strings hold bytes decoded as latin-1."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", "").encode().decode("latin1"),
        "PATH_INFO": scope["path"].encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key, text = _key(name), value.decode("latin1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    # A chunked body has no Content-Length header.
    environ.setdefault("CONTENT_LENGTH", str(len(body)))
    return environ


@lru_cache(256)
def _key(name: bytes) -> str:
    key = name.decode("latin1").upper().replace("-", "_")
    return key if key in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{key}"
