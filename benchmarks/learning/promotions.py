"""Promotions while people draw: does a request fail, and how soon does the new one answer?"""

import http.client
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np

CLIENTS = 8
SECONDS_TO_SWAP = 2.0


@dataclass(frozen=True)
class Answer:
    """What one request got: status 0 where there was no answer at all."""

    sent_at: float
    seconds: float
    status: int
    version: int | None


@dataclass(frozen=True)
class Promoted:
    """A version that began to answer, and when the site said so."""

    version: int
    at: float


def promote_under_load(
    port: int, bodies: list[str], promotions: list[Callable[[], int]]
) -> dict[str, float | int]:
    """Promote again and again while CLIENTS threads predict.

    Args:
        promotions: each makes a version active and returns its number.

    Returns:
        What `summarise` makes of all answers.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_keep_asking, port, bodies[n:] + bodies[:n], stop)
                   for n in range(CLIENTS)]  # fmt: skip
        try:
            time.sleep(1.0)
            promoted = []
            for promote in promotions:
                version = promote()
                promoted.append(Promoted(version, time.monotonic()))
                time.sleep(SECONDS_TO_SWAP + 0.5)
        finally:
            stop.set()
        answers = [answer for client in clients for answer in client.result()]
    return summarise(answers, promoted)


def summarise(answers: list[Answer], promoted: list[Promoted]) -> dict[str, float | int]:
    """Requests that failed, and how long after a promotion the version before still answered."""
    ends = [later.at for later in promoted[1:]] + [float("inf")]
    slowest, late = 0.0, 0
    for one, end in zip(promoted, ends, strict=True):
        # The next promotion begins SECONDS_TO_SWAP + 0.5 after this one, and takes a moment: what
        # is answered from then on, though sent before, may be answered by the next version.
        until = min(end, one.at + SECONDS_TO_SWAP + 0.5)
        old = [
            answer.sent_at - one.at
            for answer in answers
            if one.at < answer.sent_at
            and answer.sent_at + answer.seconds < until
            and answer.status == 200
            and answer.version != one.version
        ]
        slowest = max([slowest, *old])
        late += sum(seconds > SECONDS_TO_SWAP for seconds in old)
    taken = np.array([answer.seconds for answer in answers]) * 1000
    return {
        "promotions": len(promoted),
        "requests": len(answers),
        "failed_requests": sum(answer.status != 200 for answer in answers),
        "late_answers": late,
        "slowest_swap_seconds": round(slowest, 2),
        "request_median_ms": round(float(np.median(taken)), 1),
        "request_p99_ms": round(float(np.percentile(taken, 99)), 1),
    }


def _keep_asking(port: int, bodies: list[str], stop: threading.Event) -> list[Answer]:
    answers: list[Answer] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        while not stop.is_set():
            answers.append(_ask(connection, bodies[len(answers) % len(bodies)]))
    return answers


def _ask(connection: http.client.HTTPConnection, body: str) -> Answer:
    sent_at, status, version = time.monotonic(), 0, None
    try:
        connection.request("POST", "/api/v1/predict/", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        status = response.status
        version = json.loads(content)["model"]["version"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        # Without a whole answer the request has failed, whatever its status said.
        status = 0 if status == 200 else status
        connection.close()
    return Answer(sent_at, time.monotonic() - sent_at, status, version)
