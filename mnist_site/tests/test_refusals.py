"""Requests refused before Django sees them get an id, are counted and logged."""

import asyncio
import json
from typing import Any

import pytest

from mnist_site import whole_requests
from mnist_site.tests.test_serving import scope
from mnist_site.whole_requests import WholeRequests
from mnist_site.wsgi_threads import Threads
from recognizer.monitoring.tests.test_logs import GIVEN, access  # noqa: F401  a fixture
from recognizer.monitoring.tests.test_metrics import samples

pytestmark = pytest.mark.django_db


def never(environ: Any, start: Any) -> Any:
    raise AssertionError("a refused request came through")


def refused(
    *pieces: bytes, path: str = "/api/v1/predict/", most_waiting: int = 1, **headers: str
) -> Any:
    """The status, headers and JSON for a body, which ends with an empty piece or never."""
    sent: list[dict[str, Any]] = []
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": piece != b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    site = WholeRequests(Threads(never, workers=1, most_waiting=most_waiting))
    asyncio.run(site(scope(path=path, headers=given), receive, send))
    begun, content = sent
    found = {name.decode(): value.decode() for name, value in begun["headers"]}
    return begun["status"], found, json.loads(content["body"])


def test_a_body_that_is_too_long_or_too_slow_has_an_id_and_is_counted(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_requests, "SECONDS_FOR_A_BODY", 0.01)
    settings.MAX_BODY_BYTES = 100
    before = samples()
    too_long = refused(b"x" * 60, b"x" * 60, x_request_id=GIVEN)
    too_slow = refused(b"x", path="/s/a-secret-link/")
    nowhere = refused(b"x", path="/nothing-of-ours/")
    after = samples()

    assert (too_long[0], too_slow[0], nowhere[0]) == (413, 408, 408)
    assert too_long[1]["x-request-id"] == GIVEN
    assert len(too_slow[1]["x-request-id"]) == 32
    assert "over 100 bytes" in too_long[2]["detail"]
    for route, status in (("predict", "413"), ("shared", "408"), ("unmatched", "408")):
        keys: list[tuple[str, ...]] = [
            ("recognizer_requests_total", "POST", route, status),
            ("recognizer_request_seconds_count", route),
        ]
        assert [after[key] - before.get(key, 0) for key in keys] == [1, 1]


def test_a_site_that_is_too_busy_says_when_to_come_back() -> None:
    status, headers, answer = refused(b"{}", b"", most_waiting=0)
    assert (status, headers["retry-after"]) == (503, "2")
    assert "Too many requests" in answer["detail"]
    assert len(headers["x-request-id"]) == 32


def test_a_refusal_leaves_one_line_without_secrets(
    access: Any,  # noqa: F811  the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whole_requests, "SECONDS_FOR_A_BODY", 0.01)
    refused(b"x", path="/s/a-secret-link/", x_request_id=GIVEN)
    [line] = access[1]
    found = {name: line[name] for name in ("method", "route", "status", "request_id")}
    assert found == {"method": "POST", "route": "shared", "status": 408, "request_id": GIVEN}
    assert line["ms"] >= 10
    assert "secret" not in str(line)
