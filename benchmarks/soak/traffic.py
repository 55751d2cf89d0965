"""Send requests at a fixed rate, whether or not earlier ones are answered, and record outcomes.

Uses one thread and plain sockets, from `clients`. A save without an answer, or with a 503, is
retried with its Idempotency-Key, as the site's pages do.
"""

import heapq
import itertools
import json
import random
import re
import selectors
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.common.clients import Connection

MOST_CONNECTIONS = 64
SECONDS_FOR_AN_ANSWER = 20.0
SECONDS_TO_GIVE_UP = 60.0
SECONDS_TO_TRY_AGAIN = 1.0
"""The default wait without Retry-After; up to a second is added to spread retries."""

SECONDS_TO_KEEP = 3.0
"""How long an idle connection is reused; uvicorn closes it after 5 seconds."""

_RETRY_AFTER = re.compile(rb"(?i)\r\nretry-after: *(\d+)")
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_REASON_ON_A_PAGE = b"The database cannot be reached just now"


@dataclass(eq=False)
class Save:
    """A drawing to save, sent under one key until the site has stored it."""

    key: str
    digest: str
    first_sent_at: float = 0.0
    times: int = 0
    drawing: str = ""
    gave_up: str = ""


@dataclass(frozen=True)
class Request:
    """A request, and the save that it belongs to, if any."""

    kind: str
    content: bytes = field(repr=False)
    save: Save | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a request; status 0 means that there was no complete answer.

    `reason` is the text of an error, `says_when` whether it had a Retry-After header.
    """

    kind: str
    sent_at: float
    ended_at: float
    milliseconds: float
    status: int
    reason: str = ""
    says_when: bool = False
    again: bool = False

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class _UnderWay:
    request: Request
    due: float
    sent_at: float


class Load:
    """Sends requests to one site; other threads may read `outcomes` while it grows."""

    def __init__(self, port: int, make: Callable[[], Request], seed: int = 1) -> None:
        self.outcomes: list[Outcome] = []
        self._port, self._make, self._random = port, make, random.Random(seed)
        self._waiting: deque[tuple[float, Request]] = deque()
        self._again: list[tuple[float, int, Request]] = []
        self._numbers = itertools.count()
        self._idle: deque[tuple[Connection, float]] = deque()
        self._busy: dict[Connection, _UnderWay] = {}
        self._selector = selectors.DefaultSelector()
        self._stopped = False

    def at_rate(self, per_second: float, seconds: float) -> None:
        """Send requests at this average rate, at random times, however slow the answers are."""
        ends = time.monotonic() + seconds
        due = time.monotonic()
        while time.monotonic() < ends and not self._stopped:
            while due <= time.monotonic():
                self._waiting.append((due, self._make()))
                due += self._random.expovariate(per_second)
            self._turn(min(due, ends))

    def as_fast_as_answered(self, clients: int, seconds: float) -> float:
        """Keep `clients` requests active, and return the good answers per second."""
        started, before = time.monotonic(), len(self.outcomes)
        while time.monotonic() < started + seconds:
            while len(self._busy) + len(self._waiting) < clients:
                self._waiting.append((time.monotonic(), self._make()))
            self._turn(started + seconds)
        good = sum(outcome.good for outcome in self.outcomes[before:])
        return good / (time.monotonic() - started)

    def stop(self) -> None:
        """Stop sending new requests; may be called from another thread."""
        self._stopped = True

    def finish(self) -> None:
        """Wait until every request is answered, and every save is stored or abandoned."""
        while self._busy or self._again or self._waiting:
            self._turn(time.monotonic() + 1.0)
        while self._idle:
            self._idle.popleft()[0].close()

    def _turn(self, until: float) -> None:
        while self._again and self._again[0][0] <= time.monotonic():
            when, _, request = heapq.heappop(self._again)
            self._waiting.append((when, request))
        while self._waiting and len(self._busy) < MOST_CONNECTIONS:
            self._send(*self._waiting.popleft())
        if self._again:
            until = min(until, self._again[0][0])
        for key, _ in self._selector.select(min(0.5, max(0.0, until - time.monotonic()))):
            self._hear(key.data)
        self._give_up_on_the_silent()

    def _connection(self) -> Connection:
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < SECONDS_TO_KEEP:
                return connection
            connection.close()
        return Connection(self._port, self._selector)

    def _send(self, due: float, request: Request) -> None:
        connection, now = self._connection(), time.monotonic()
        if request.save is not None:
            request.save.times += 1
            request.save.first_sent_at = request.save.first_sent_at or now
        under_way = _UnderWay(request, due, now)
        self._busy[connection] = under_way
        try:
            connection.ask(request.content)
        except OSError as error:
            self._end(connection, type(error).__name__)

    def _hear(self, connection: Connection) -> None:
        try:
            heard = connection.hear()
        except OSError as error:
            self._end(connection, type(error).__name__)
            return
        if heard is None:
            return
        answer = heard[1]
        found = _ANSWER.match(answer)
        if found is None or connection not in self._busy:
            self._end(connection, "cut off")
            return
        under_way = self._busy.pop(connection)
        if connection.is_open:
            self._idle.append((connection, time.monotonic()))
        self._note(under_way, int(found[1]), answer)

    def _end(self, connection: Connection, why: str) -> None:
        """Close a broken connection, and record its active request as failed if it had one."""
        connection.close()
        under_way = self._busy.pop(connection, None)
        if under_way is None:
            self._idle = deque(one for one in self._idle if one[0] is not connection)
        else:
            self._note(under_way, 0, b"", why)

    def _give_up_on_the_silent(self) -> None:
        long_ago = time.monotonic() - SECONDS_FOR_AN_ANSWER
        for connection, under_way in list(self._busy.items()):
            if under_way.sent_at < long_ago:
                self._end(connection, "no answer in time")

    def _note(self, under_way: _UnderWay, status: int, answer: bytes, why: str = "") -> None:
        now, save = time.monotonic(), under_way.request.save
        wait = _RETRY_AFTER.search(answer, 0, max(0, answer.find(b"\r\n\r\n")) + 2)
        good = 200 <= status < 300
        self.outcomes.append(
            Outcome(
                under_way.request.kind,
                under_way.sent_at,
                now,
                (now - under_way.due) * 1000,
                status,
                "" if good else why or reason_in(answer),
                wait is not None,
                again=save is not None and save.times > 1,
            )
        )
        if save is None:
            return
        if good:
            save.drawing = str(json.loads(_body(answer))["id"])
        elif status not in {0, 503}:
            save.gave_up = f"{status}"
        elif now - save.first_sent_at > SECONDS_TO_GIVE_UP:
            save.gave_up = f"after {save.times} tries"
        else:
            pause = (int(wait[1]) if wait else SECONDS_TO_TRY_AGAIN) + self._random.random()
            heapq.heappush(self._again, (now + pause, next(self._numbers), under_way.request))


def reason_in(answer: bytes) -> str:
    """Return why a request was refused, from its JSON or page; "" without a reason."""
    body = _body(answer)
    if _REASON_ON_A_PAGE in body:
        return f"page: {_REASON_ON_A_PAGE.decode()}"
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, TypeError, KeyError):
        return ""


def _body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]
