"""The pure parts of `make bench`: clients, failures, and aims."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks.bench import table
from benchmarks.common.clients import http_request, keep_asking


class _Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        whole = self.rfile.read(size) == b"x" * size and self.headers["X-Who"] == "me"
        self.send_response(201 if whole and self.path == "/" else 404)
        if self.path == "/cut":
            self.send_header("Content-Length", "9")
            self.close_connection = True
        else:
            self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        pass


class _OldServer(_Server):
    protocol_version = "HTTP/1.0"


@pytest.fixture(params=[_Server, _OldServer], ids=["keep-alive", "closing"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def ask(port: int, *paths: str) -> Any:
    requests = [http_request("POST", path, b"x" * 5000, {"X-Who": "me"}) for path in paths]
    return keep_asking(port, [requests] * 3, 0.3)


def test_every_answer_is_counted_and_timed(port: int) -> None:
    measured = ask(port, "/")
    assert measured.answers >= 3
    assert measured.failed == 0
    assert len(measured.milliseconds) == measured.answers
    assert 0 < measured.percentile(50) <= measured.percentile(99) <= 300
    assert measured.a_second == pytest.approx(measured.answers / measured.seconds)


def test_whatever_is_no_success_is_a_failure(port: int) -> None:
    measured = ask(port, "/", "/elsewhere")
    assert 0 < measured.failed < measured.answers
    assert "404" in measured.first_failure
    assert measured.a_second == pytest.approx(
        (measured.answers - measured.failed) / measured.seconds
    )


def test_an_answer_that_is_cut_off_is_a_failure(port: int) -> None:
    measured = ask(port, "/cut")
    assert measured.failed == measured.answers > 0


def rows(per_second: dict[tuple[str, str], float]) -> list[dict[str, Any]]:
    measured = {"p50_ms": 4.9, "p99_ms": 9.0, "cpu_ms": 1.5, "memory_mb": 150.0, "failed": 0}
    return [
        {"server": server, "what": what, "clients": clients, "per_second": rate, **measured}
        for (server, what), rate in per_second.items()
        for clients in (1, 8, 32)
    ]


FIGURES = {
    "web_start_seconds": 2.5,
    "rows": rows({
        ("site, SQLite", "predict by strokes"): 1000.0, ("site, SQLite", "save a drawing"): 400.0,
        ("site, PostgreSQL", "save a drawing"): 334.0, ("Flask", "predict by image"): 20.0,
        ("Gradio", "predict by image"): 40.0,
    }),
    "by_turns": {
        "site, SQLite": (1000.0, 400.0), "site, PostgreSQL": (900.0, 300.0),
        "Flask": (1100.0, 22.0), "Gradio": (1000.0, 40.0),
    },
}  # fmt: skip


def test_the_table_says_which_aims_are_reached() -> None:
    reached = table.in_words(FIGURES)
    slow = [one | {"p50_ms": 5.0, "memory_mb": 200.0, "failed": 1} for one in FIGURES["rows"]]  # type: ignore[attr-defined]
    turns = {name: (one[0], 0.3 * one[1]) for name, one in FIGURES["by_turns"].items()}  # type: ignore[attr-defined]
    missed = table.in_words({"web_start_seconds": 3.0, "rows": slow, "by_turns": turns})

    assert "as a multiple of Flask | 50.0 | 25: yes; better 50: yes |" in reached
    assert "as a multiple of Gradio | 25.0 | 25: yes; better 50: NO |" in reached
    assert reached.count("NO |") == 1
    assert missed.count("NO |") == 6
    assert "| site, SQLite | save a drawing | 8 | 400 | 4.90 | 9.00 | 1.50 | 150 | 0 |" in reached
