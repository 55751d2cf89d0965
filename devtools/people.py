"""People who use a running site over HTTP, and the responses that they got."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any

from devtools import golden

SECONDS_TO_WAIT = 30


@dataclass(frozen=True)
class Answer:
    """A response. Status 0 means that there was none, and `text` says why."""

    status: int
    text: str
    headers: Message | None = None

    def json(self) -> Any:
        return json.loads(self.text)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Person:
    """A person with one browser's cookies."""

    def __init__(self, url: str) -> None:
        self._url, self._cookies = url, CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies), _NoRedirects
        )

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request with a JSON body; never raises for a server error."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, {"Content-Type": "application/json"})

    def post_form(self, path: str, **fields: Any) -> Answer:
        """Submit a form."""
        token = {cookie.name: cookie.value for cookie in self._cookies}.get("csrftoken", "")
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}, doseq=True)
        return self._send("POST", path, data.encode(), {})

    def at(self, url: str) -> "Person":
        """Return the same person, whose requests go to another host of the site."""
        other = Person(url)
        for cookie in self._cookies:
            cookie = copy(cookie)
            cookie.domain = str(urllib.parse.urlsplit(url).hostname)
            other._cookies.set_cookie(cookie)
        return other

    def log_in(self, name: str, password: str) -> None:
        self.send("GET", "admin/login/")
        assert self.post_form("admin/login/", username=name, password=password).status == 302

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(
            self._url + path.removeprefix("/"), data, headers, method=method
        )
        try:
            with self._opener.open(request, timeout=SECONDS_TO_WAIT) as response:
                return Answer(response.status, response.read().decode(), response.headers)
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.read().decode(errors="replace"), refused.headers)
        except (OSError, HTTPException) as error:
            return Answer(0, f"{type(error).__name__}: {error}")


@dataclass
class Told:
    """The responses a crowd got in a while: failures, and how many succeeded."""

    failed_readings: list[Answer] = field(default_factory=list)
    failed_savings: list[Answer] = field(default_factory=list)
    readings: int = 0
    savings: int = 0


class Crowd:
    """One person who draws without pause, and one who saves and labels without pause."""

    def __init__(self, url: str) -> None:
        self.saved: set[str] = set()
        self.labelled: dict[str, str] = {}
        self._told: list[Told] = []
        self._url, self._over = url, threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(act, pause), daemon=True)
            for act, pause in ((self._read, 0.1), (self._save, 0.4))
        ]
        for thread in self._threads:
            thread.start()

    @contextmanager
    def told(self) -> Iterator[Told]:
        """Collect the responses that they get in the block."""
        told = Told()
        self._told.append(told)
        try:
            yield told
        finally:
            self._told.remove(told)

    def go_home(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(SECONDS_TO_WAIT + 5)

    def _keep(self, act: Callable[[Person, str], None], pause: float) -> None:
        person, turn = Person(self._url), 0
        # Saving a drawing creates a session, which is stored in the database.
        while person.send("POST", "api/v1/drawings/", golden.body("7")).status != 201:
            time.sleep(pause)
        while not self._over.wait(pause):
            act(person, str(turn % 10))
            turn += 1

    def _read(self, person: Person, digit: str) -> None:
        answer = person.send("POST", "api/v1/predict/", golden.body(digit))
        for told in list(self._told):
            if answer.status == 200:
                told.readings += 1
            else:
                told.failed_readings.append(answer)

    def _save(self, person: Person, digit: str) -> None:
        answer = person.send("POST", "api/v1/drawings/", golden.body(digit))
        for told in list(self._told):
            if answer.status == 201:
                told.savings += 1
            else:
                told.failed_savings.append(answer)
        if answer.status == 201:
            self.saved.add(drawing := answer.json()["id"])
            change = {"label": digit}
            if person.send("PATCH", f"api/v1/drawings/{drawing}/", change).status == 200:
                self.labelled[drawing] = digit
