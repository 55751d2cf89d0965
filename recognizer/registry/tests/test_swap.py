"""A promotion reaches every web process while it serves requests. Uses real servers."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from devtools import golden
from devtools.live_database import database_url
from ml import pretrained
from recognizer.models import ModelVersion
from recognizer.registry import promotion
from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

BODY = json.dumps(golden.body("7"))
SECONDS_TO_SWAP = 2.0
MOST_MB = 150


@dataclass(frozen=True)
class Answer:
    """One request's port, start time, status and model version."""

    port: int
    sent_at: float
    status: int
    version: int | None


def ask(port: int) -> Answer:
    sent_at = time.monotonic()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        client.request("POST", "/api/v1/predict/", BODY, {"Content-Type": "application/json"})
        response = client.getresponse()
        body = json.loads(response.read())
    finally:
        client.close()
    return Answer(port, sent_at, response.status, body.get("model", {}).get("version"))


@dataclass(frozen=True)
class Web:
    """Web processes, each on its own port."""

    ports: list[int]
    processes: "list[subprocess.Popen[bytes]]"


@pytest.fixture
def web(shipped_model: ModelVersion) -> Iterator[Web]:
    """Two web processes on the test's own database."""
    ports = [free_port(), free_port()]
    env = {**os.environ, "DATABASE_URL": database_url(), "VAR_DIR": str(settings.VAR_DIR)}
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "mnist_site.asgi:application"),
                *("--port", str(port), "--log-level", "warning"),
            ],
            cwd=Path(settings.BASE_DIR),
            env=env,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent(),
        )
        for port in ports
    ]
    try:
        for port in ports:
            wait_until_it_answers(port)
        yield Web(ports, processes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def resident_mb(process: "subprocess.Popen[bytes]") -> float:
    """A process's resident memory in MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1000


def wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if ask(port).status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no answer on port {port}")


def test_both_web_processes_answer_with_the_new_version_and_no_request_fails(
    web: Web,
) -> None:
    candidate = promotion.register(pretrained.FOLDER, run=None)
    answers: list[Answer] = []
    stop = threading.Event()

    def keep_asking(port: int) -> None:
        while not stop.is_set():
            answers.append(ask(port))

    with ThreadPoolExecutor(4) as clients:
        asking = [clients.submit(keep_asking, port) for port in web.ports * 2]
        time.sleep(1.0)
        promotion.promote(candidate, by=None)
        promoted_at = time.monotonic()
        time.sleep(SECONDS_TO_SWAP + 1.0)
        promotion.roll_back(by=None)
        rolled_back_at = time.monotonic()
        time.sleep(SECONDS_TO_SWAP + 1.0)
        stop.set()
        for client in asking:
            client.result()

    assert [answer for answer in answers if answer.status != 200] == []
    for port in web.ports:
        mine = [answer for answer in answers if answer.port == port]
        slowest = max(
            (answer.sent_at - promoted_at for answer in mine
             if answer.version == 1 and promoted_at < answer.sent_at < rolled_back_at),
            default=0.0,
        )  # fmt: skip
        print(f"port {port}: {len(mine)} answers, the last old one {slowest:.2f} s after promotion")
        before = {answer.version for answer in mine if answer.sent_at < promoted_at - 0.2}
        after = {
            answer.version
            for answer in mine
            if promoted_at + SECONDS_TO_SWAP < answer.sent_at < rolled_back_at - 0.2
        }
        back = {
            answer.version for answer in mine if answer.sent_at > rolled_back_at + SECONDS_TO_SWAP
        }
        assert (before, after, back) == ({1}, {2}, {1})
    if Path("/proc/self/status").exists():
        held = [resident_mb(process) for process in web.processes]
        print("web processes hold", ", ".join(f"{mb:.0f} MB" for mb in held))
        assert max(held) < MOST_MB
