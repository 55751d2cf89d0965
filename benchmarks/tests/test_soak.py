"""The parts of `make soak` that need no site: retries, and what counts as lost or wrong."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from benchmarks.common.clients import http_request
from benchmarks.soak import table, traffic
from benchmarks.soak.faults import Fault
from benchmarks.soak.findings import Stored, check_errors, check_saves, latencies
from benchmarks.soak.memory import Trend, trend
from benchmarks.soak.mix import Mix, digest_of_body, digest_of_ink, moved
from benchmarks.soak.traffic import Load, Outcome, Request, Save
from devtools import golden, processes
from ml.drawing.strokes import pack_ink, parse_strokes, unpack_ink


class _Flaky(BaseHTTPRequestHandler):
    """Stores a drawing at the first try, and answers at the third."""

    protocol_version = "HTTP/1.1"
    tries: "dict[str, int]" = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        self.tries[key] = self.tries.get(key, 0) + 1
        if self.tries[key] == 1:
            self.close_connection = True
            return
        found = self.tries[key] == 2
        body = json.dumps({"detail": "away"} if found else {"id": f"d-{key}"}).encode()
        self.send_response(503 if found else 200)
        if found:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Ignore errors of clients that close their connection."""


@pytest.fixture
def port() -> Iterator[int]:
    _Flaky.tries = {}
    with _Server(("127.0.0.1", 0), _Flaky) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_save_is_sent_again_until_the_site_has_it(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "SECONDS_TO_TRY_AGAIN", 0.0)
    monkeypatch.setattr(random.Random, "random", lambda _: 0.0)
    mix = Mix([golden.body("7")], [{"Cookie": "a=b"}], {})
    save = mix._save({"Cookie": "a=b"})
    load = Load(port, lambda: save)
    load._waiting.append((time.monotonic(), save))
    load.finish()

    assert save.save is not None
    assert (save.save.times, save.save.drawing) == (3, f"d-{save.save.key}")
    assert [(one.status, one.reason) for one in load.outcomes] == [
        (0, "cut off"),
        (503, "away"),
        (200, ""),
    ]
    assert [one.again for one in load.outcomes] == [False, True, True]


def test_a_save_that_never_comes_through_is_given_up(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "SECONDS_TO_GIVE_UP", -1.0)
    save = Mix([golden.body("7")], [{}], {})._save({})
    load = Load(port, lambda: save)
    load._waiting.append((time.monotonic(), save))
    load.finish()
    assert save.save is not None
    assert save.save.gave_up == "after 1 tries"


def test_requests_come_at_their_rate_and_each_has_an_outcome(port: int) -> None:
    paths = iter(["/", "/", "/broken"] * 1000)

    def make() -> Request:
        return Request("get", http_request("GET", next(paths)))

    load = Load(port, make)
    load.at_rate(200, 0.5)
    load.finish()
    assert 50 < len(load.outcomes) < 150
    assert {one.status for one in load.outcomes} == {200, 500}
    assert all(one.milliseconds > 0 for one in load.outcomes)
    assert load.as_fast_as_answered(4, 0.2) > 0


def test_each_save_is_another_drawing_and_its_digest_outlives_the_database() -> None:
    body = golden.body("7")
    digests = set()
    for number in range(300):
        other = moved(body, number)
        ink = parse_strokes(other["strokes"], other["width"], other["height"])
        assert digest_of_ink(unpack_ink(pack_ink(ink))) == digest_of_body(other)
        digests.add(digest_of_body(other))
    assert len(digests) == 300


KEPT = Save("k1", "ink", 1.0, 1, "d1")


def stored(key: str | None = "k1", drawing: str = "d1", digest: str = "ink", n: int = 1) -> Stored:
    return Stored(drawing, key, digest, n)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([stored()], {}),
        ([], {"lost": 1}),
        ([stored(), stored()], {"stored_twice": 1}),
        ([stored(digest="other")], {"altered": 1}),
        ([stored(drawing="d2")], {"altered": 1}),
        ([stored(n=0)], {"altered": 1}),
        ([stored(), stored("k9", "d9")], {"never_sent": 1}),
        ([stored(), stored(None, "d9")], {"never_sent": 1}),
    ],
)
def test_what_was_answered_is_compared_with_what_is_there(
    rows: list[Stored], wrong: dict[str, int]
) -> None:
    found = check_saves([KEPT], rows, without_key=0)
    faults = ("lost", "stored_twice", "altered", "never_sent", "given_up")
    assert {name: found[name] for name in faults if found[name]} == wrong


def test_a_save_without_an_answer_may_be_there_or_not() -> None:
    for rows in ([], [stored()]):
        found = check_saves([Save("k1", "ink", 1.0, 3, "", "after 3 tries")], rows, without_key=0)
        assert (found["given_up"], found["lost"], found["never_sent"]) == (1, 0, 0)


FAULTS = [
    Fault("postgresql", 10.0, 14.0, 15.0),
    Fault("web", 30.0, 30.5, 33.0),
    Fault("valkey", 50.0, 54.0, 54.5),
]
DOWN: dict[str, Any] = {"status": 503, "reason": "away", "says_when": True}


def outcome(at: float, kind: str = "save", status: int = 200, **more: Any) -> Outcome:
    return Outcome(kind, at, at + 0.01, 10.0, status, **more)


@pytest.mark.parametrize(
    ("one", "in_order"),
    [
        (outcome(12, **DOWN), True),
        (outcome(16, **DOWN), True),
        (outcome(20, **DOWN), False),
        (outcome(52, **DOWN), False),
        (outcome(12, "predict", **DOWN), False),
        (outcome(12, **DOWN | {"reason": ""}), False),
        (outcome(12, **DOWN | {"says_when": False}), False),
        (outcome(12, status=500, reason="x", says_when=True), False),
        (outcome(12, status=0, reason="cut off"), False),
        (outcome(31, "predict", 0, reason="cut off"), True),
        (outcome(31, "predict", 500), False),
        (outcome(29.995, "predict", 0), True),  # killed while it answered
    ],
)
def test_an_error_is_in_order_only_for_its_fault(one: Outcome, in_order: bool) -> None:
    found = check_errors([outcome(5), one], FAULTS)
    assert found["out_of_order"] == (0 if in_order else 1)
    assert sum(error["count"] for error in found["errors"]) == 1


def test_times_are_told_apart_by_what_was_away() -> None:
    rows = latencies([outcome(5), outcome(12), outcome(13, again=True), outcome(31)], FAULTS)
    assert [(row["when"], row["answers"]) for row in rows] == [
        ("calm", 1),
        ("postgresql", 1),
        ("web", 1),
    ]


def memory(*mb: float) -> Trend:
    samples = [(10.0 * n, one) for n, one in enumerate(mb)]
    found = trend("x", samples, warm_up=60)
    assert found is not None
    return found


def test_memory_is_evaluated_by_its_trend_and_not_by_its_peak() -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, 60)
    assert not memory(*(100 + noise)).grows
    assert not memory(*[60, 80, 90, 95, 99, 100], *(100 + noise)).grows  # it warmed up
    peak = memory(*(100 + noise[:30]), 180, 190, *(100 + noise[30:]))
    assert (peak.grows, peak.peak_mb) == (False, 190)
    step = memory(*(100 + noise[:30]), *(110 + noise[30:]))
    assert not step.grows
    leak = memory(*(100 + noise + 0.1 * np.arange(60)))  # 0.6 MB a minute
    assert leak.grows
    assert leak.mb_a_minute == pytest.approx(0.6, abs=0.1)
    assert leak.is_long
    assert not memory(*[100.0] * 20).is_long
    assert trend("x", [(0.0, 1.0)] * 3, warm_up=0) is None


def test_what_was_killed_holds_no_memory() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # not reaped yet
    assert processes.resident_mb(ended.pid) is None
    ended.wait()
    assert processes.proportional_mb(ended.pid) is None
    assert (processes.resident_mb(os.getpid()) or 0) > 1
    assert (processes.proportional_mb(os.getpid()) or 0) > 1


def test_the_table_says_which_limits_are_kept() -> None:
    good = {
        "peak_a_second": 300.0, "asked_a_second": 150.0, "minutes": 2.0, "ended_by_themselves": 0,
        "kills": {"valkey": 2, "postgresql": 2, "web": 2}, "latencies": [],
        "seconds_to_good": {"valkey": [0.1, 0.2], "postgresql": [0.4, 9.0]},
        "saves": check_saves([Save("k1", "ink", 1.0, 2, "d1")], [stored()], without_key=0),
        "answers": check_errors([outcome(5), outcome(12, **DOWN)], FAULTS),
        "memory": [vars(memory(*[100.0] * 20)) | {"grows": False, "evaluated": True}],
    }  # fmt: skip
    assert table.is_kept(good)
    assert "| postgresql | save | 503 | away | 1 |" in table.in_words(good)
    lost = check_saves([Save("k1", "ink", 1.0, 2, "d1")], [], without_key=0)
    grown = [{**good["memory"][0], "grows": True}]  # type: ignore[index]
    for worse in (
        {"saves": lost},
        {"answers": check_errors([outcome(5, status=500)], FAULTS)},
        {"kills": {"valkey": 1}},
        {"seconds_to_good": {"web": [0.1, 11.0]}},
        {"ended_by_themselves": 1},
        {"memory": grown},
    ):
        assert not table.is_kept(good | worse)
