"""Log lines: JSON if configured, with one id through request, queue and worker."""

import io
import json
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.test import Client

from devtools.running_site import ROOT
from mnist_site.celery import app
from recognizer import tasks
from recognizer.monitoring import request_ids
from recognizer.monitoring.logs import JsonFormatter, LineFormatter
from recognizer.running.supervisor import Console
from recognizer.tests.factories import make_user
from recognizer.training import retraining, supervision

GIVEN = "req-2026.11_a"


def record(message: str = "Hello", **more: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": message, **more})


@pytest.fixture
def _within_a_request():
    token = request_ids.current.set(GIVEN)
    yield
    request_ids.current.reset(token)


@pytest.mark.usefixtures("_within_a_request")
def test_a_json_line_holds_the_request_what_is_added_and_the_error():
    try:
        raise ValueError("a\nb")
    except ValueError:
        made = record("Two\nlines", exc_info=sys.exc_info(), fields={"status": 200})
    line = JsonFormatter().format(made)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["message"] == "Two\nlines"
    assert (entry["level"], entry["logger"], entry["status"]) == ("INFO", "x", 200)
    assert entry["request_id"] == GIVEN
    assert entry["exception"].endswith("ValueError: a\nb")
    assert entry["time"].endswith("+00:00")


def test_a_line_for_people_names_the_request_only_within_one():
    formatter = LineFormatter("{levelname} {name}: {message}", style="{")
    assert formatter.format(record()) == "INFO x: Hello"
    token = request_ids.current.set(GIVEN)
    assert formatter.format(record()) == f"INFO x: Hello [{GIVEN}]"
    request_ids.current.reset(token)


def test_an_id_that_is_given_is_answered_back(client):
    answer = client.get("/healthz", headers={"X-Request-ID": GIVEN})
    assert answer.headers["X-Request-ID"] == GIVEN
    assert request_ids.current.get() == ""


@pytest.mark.parametrize("given", ["", "abc", "a" * 65, 'x"} {"y', "abcd\nINFO", "äöüäöü"])
def test_an_id_that_makes_no_sense_is_replaced(client, given):
    first, second = (client.get("/healthz", headers={"X-Request-ID": given}) for _ in range(2))
    ids = {answer.headers["X-Request-ID"] for answer in (first, second)}
    assert len(ids) == 2
    assert all(len(one) == 32 for one in ids)


@pytest.fixture
def access(settings, caplog):
    """A client of a site that logs JSON, and the lines logged for its requests."""
    settings.LOG_FORMAT = "json"
    caplog.set_level(logging.INFO, "recognizer.access")
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, made: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(made)))

    handler = Keep()
    logging.getLogger("recognizer.access").addHandler(handler)
    yield Client(), lines
    logging.getLogger("recognizer.access").removeHandler(handler)


@pytest.mark.django_db
def test_every_request_leaves_one_line_without_secrets(access):
    client, lines = access
    client.get("/s/a-secret-link/?token=hidden", headers={"X-Request-ID": GIVEN})
    [line] = lines
    assert line["ms"] >= 0
    assert {name: line[name] for name in ("method", "route", "status", "request_id")} == {
        "method": "GET",
        "route": "shared",
        "status": 404,
        "request_id": GIVEN,
    }
    assert "secret" not in str(line)
    assert "hidden" not in str(line)


@pytest.mark.django_db
def test_a_line_says_which_user_or_under_a_pseudonym_which_session(access):
    client, lines = access
    ada = make_user("ada")
    client.force_login(ada)
    client.get("/drawings/")
    client.get("/healthz")
    client.get("/healthz")
    assert lines[0]["user"] == ada.pk
    assert lines[1]["session"] == lines[2]["session"]
    assert client.cookies["sessionid"].value not in str(lines)


@pytest.mark.django_db(transaction=True)
def test_a_worker_goes_on_with_the_id_of_the_request_that_woke_it(monkeypatch):
    app.control.purge()  # messages of earlier tests
    seen: list[str] = []
    monkeypatch.setattr(retraining, "execute", lambda _: seen.append(request_ids.current.get()))
    monkeypatch.setattr(retraining, "waiting_runs", list)
    monkeypatch.setattr(supervision, "shutting_down", threading.Event())
    token = request_ids.current.set(GIVEN)
    tasks.execute_run.delay(1)
    request_ids.current.reset(token)
    own = tasks.execute_run.delay(2)
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        for _ in range(200):
            if len(seen) == 2:
                break
            threading.Event().wait(0.05)
    assert seen == [GIVEN, own.id]


def test_what_all_parts_say_is_json_too():
    stream = io.StringIO()
    console = Console(stream, as_json=True)
    console.say("web.1", json.dumps({"message": "Hello"}))
    console.say("valkey", 'Ready "now"')
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines == [
        {"part": "web.1", "message": "Hello"},
        {"part": "valkey", "message": 'Ready "now"'},
    ]


def test_uvicorn_writes_no_line_of_its_own_for_a_request():
    """They would contain full URLs, including those of shared drawings."""
    program = (
        "import django, logging; from mnist_site.server import config;"
        "config('x:y', seconds_to_finish=1, port=1); django.setup();"
        "print(logging.getLogger('uvicorn.access').hasHandlers(),"
        " logging.getLogger('uvicorn.error').isEnabledFor(logging.INFO),"
        " logging.getLogger('uvicorn.error').hasHandlers())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False", "True"], done.stderr
