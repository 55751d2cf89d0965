"""People who use the site through its proxy during a deployment; failures are recorded."""

import http.client
import json
import re
import ssl
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import cycle
from typing import Any

VISITORS = 4
SECONDS_TO_SEND_SLOWLY = 4.0
_KEPT = re.compile(r'"(/static/[^"]+\.[0-9a-f]{12}\.(?:js|css|svg))"')
_PAGE = re.compile(r"/static/recognizer/js/draw_page\.([0-9a-f]{12})\.js")


@dataclass
class Told:
    """The responses that all visitors got."""

    answers: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0


class Visitor:
    """A browser that keeps its connection to the proxy open."""

    def __init__(
        self, port: int, trusted: ssl.SSLContext, told: Told, address: str = "127.0.0.1"
    ) -> None:
        self._connection = http.client.HTTPSConnection(
            "localhost", port, timeout=60, context=trusted, source_address=(address, 0)
        )
        self._told, self._home = told, f"https://localhost:{port}/"
        self.cookies: SimpleCookie = SimpleCookie()

    def ask(
        self, what: str, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Send and count a request, and record it if it fails."""
        started = time.monotonic()
        try:
            status, content = self.send(method, path, body, **headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            status, content = 0, repr(error)
        self._told.answers[what] += 1
        self._told.slowest_seconds = max(self._told.slowest_seconds, time.monotonic() - started)
        if not 200 <= status < 300:
            self._told.failures.append(f"{what}: {method} {path}: {status} {content[:200]}")
        return status, content

    def send(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Send a request and return the status and text."""
        self._connection.request(method, path, body, self._with_cookies(headers))
        return self._heard()

    def send_slowly(self, path: str, body: str, **headers: str) -> tuple[int, str]:
        """Send a body in two parts, so that a server may be stopped in between."""
        half = len(body) // 2
        self._connection.putrequest("POST", path)
        given = self._with_cookies({**headers, "Content-Length": str(len(body))})
        for name, value in given.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(body[:half].encode())
        time.sleep(SECONDS_TO_SEND_SLOWLY)
        self._connection.send(body[half:].encode())
        return self._heard()

    def announce(self, path: str, size: int) -> int:
        """Announce a body of `size` bytes but send none; return the status."""
        self._connection.putrequest("POST", path)
        given = self._with_cookies({"Content-Length": str(size)})
        for name, value in given.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        return self._heard()[0]

    def send_without_length(self, path: str, body: str) -> int:
        """Send a body in chunks and return the status."""
        pieces = (body[start : start + 65_536].encode() for start in range(0, len(body), 65_536))
        self._connection.request("POST", path, pieces, self._with_cookies({}), encode_chunked=True)
        return self._heard()[0]

    def close(self) -> None:
        self._connection.close()

    def _with_cookies(self, headers: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{one.key}={one.value}" for one in self.cookies.values())
        return {
            "Content-Type": "application/json",
            "Referer": self._home,
            **({"Cookie": cookies} if cookies else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }

    def _heard(self) -> tuple[int, str]:
        answer = self._connection.getresponse()
        content = answer.read().decode(errors="replace")
        for value in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(value)
        return answer.status, content


@contextmanager
def visitors(port: int, trusted: ssl.SSLContext, drawing: dict[str, Any]) -> Iterator[Told]:
    """Let visitors use the site during the block."""
    told, over = Told(), threading.Event()
    acts: list[Callable[..., None]] = [*[_draw] * VISITORS, _send_slowly]
    threads = [
        threading.Thread(target=act, args=(Visitor(port, trusted, told), told, drawing, over))
        for act in acts
    ]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _draw(visitor: Visitor, told: Told, drawing: dict[str, Any], over: threading.Event) -> None:
    """Open the page with its files, predict one and many, save, and list the drawings."""
    one, many = json.dumps(drawing), json.dumps({"items": [drawing] * 64})
    files: dict[str, list[str]] = {}
    while not over.is_set():
        _, page = visitor.ask("page", "GET", "/")
        for release in _PAGE.findall(page)[:1]:
            told.pages[release] += 1
            files[release] = _KEPT.findall(page)[:3]
        # An open page still loads the files of the release that rendered it.
        for path in {path for paths in files.values() for path in paths}:
            visitor.ask("static file", "GET", path)
        for _ in range(5):
            visitor.ask("reading", "POST", "/api/v1/predict/", one)
        visitor.ask("64 readings", "POST", "/api/v1/predict/", many)
        key = str(uuid.uuid4())
        visitor.ask("saving", "POST", "/api/v1/drawings/", one, Idempotency_Key=key)
        visitor.ask("list", "GET", "/api/v1/drawings/")
    visitor.close()


def _send_slowly(
    visitor: Visitor, told: Told, drawing: dict[str, Any], over: threading.Event
) -> None:
    """Save with bodies that take seconds to arrive, some while their server is stopping."""
    body = json.dumps(drawing)
    for number in cycle(range(1_000_000)):
        if over.is_set():
            break
        try:
            status, content = visitor.send_slowly("/api/v1/drawings/", body)
        except (OSError, http.client.HTTPException) as error:
            visitor.close()
            status, content = 0, repr(error)
        told.answers["slow saving"] += 1
        if status != 201:
            told.failures.append(f"slow saving {number}: {status} {content[:200]}")
    visitor.close()


def sign_in_wrongly(visitor: Visitor, name: str, **headers: str) -> int:
    """Sign in with a wrong password and return the status."""
    visitor.send("GET", "/admin/login/")
    token = visitor.cookies["csrftoken"].value
    form = f"username={name}&password=wrong&csrfmiddlewaretoken={token}&next=/admin/"
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return visitor.send("POST", "/admin/login/", form, **headers)[0]
