"""Promotions under load: do requests fail, and how soon does the new version answer?"""

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
    """The answer to a request; status 0 means that there was none."""

    sent_at: float
    seconds: float
    status: int
    version: int | None


@dataclass(frozen=True)
class Promoted:
    """A promoted version, and when the site confirmed the promotion."""

    version: int
    at: float


def promote_under_load(
    port: int, bodies: list[str], promotions: list[Callable[[], int]]
) -> dict[str, float | int]:
    """Promote versions in turn while CLIENTS threads predict.

    Args:
        promotions: each promotes a version and returns its number.

    Returns:
        The result of `summarise` for all answers.
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
    """Count failed requests, and how long the previous version answered after a promotion."""
    ends = [later.at for later in promoted[1:]] + [float("inf")]
    slowest, late = 0.0, 0
    for one, end in zip(promoted, ends, strict=True):
        # The next promotion begins SECONDS_TO_SWAP + 0.5 after this one and takes a moment. From
        # then on, the next version may answer, even requests that were sent before.
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
        # Without a complete body the request has failed, whatever its status.
        status = 0 if status == 200 else status
        connection.close()
    return Answer(sent_at, time.monotonic() - sent_at, status, version)
