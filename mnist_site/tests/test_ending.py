"""A web process behind a proxy: it stops without losing a request, and trusts only the proxy."""

import asyncio
import contextlib
import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client

from mnist_site.server import Server, config
from recognizer.running import shutdown
from recognizer.running.valkey import free_port

NOTICE_SECONDS, SLOW_SECONDS = 0.6, 1.0


@pytest.fixture(autouse=True)
def _nobody_is_asked_to_end() -> Iterator[None]:
    shutdown.forget()
    yield
    shutdown.forget()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Returns the client's address and scheme; /slow responds late."""
    if shutdown.is_under_way():
        send = shutdown.closing(send)
    await asyncio.sleep(SLOW_SECONDS if scope["path"] == "/slow" else 0)
    body = json.dumps([scope["client"][0], scope["scheme"]]).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def running() -> Iterator[tuple[Server, int]]:
    port = free_port()
    server = Server(
        config(application, seconds_to_finish=5, host="127.0.0.1", port=port), NOTICE_SECONDS
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server, port
    finally:
        server.should_exit = True
        thread.join()


def ask(port: int, path: str = "/", **headers: str) -> tuple[list[str], str | None]:
    """The response's JSON and its Connection header."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asking:
        asking.request("GET", path, headers=headers)
        answer = asking.getresponse()
        return json.loads(answer.read()), answer.headers["Connection"]


def test_asked_to_end_it_answers_on_for_a_while_then_finishes_what_it_has_begun() -> None:
    with running() as (server, port):
        slow: list[Any] = []
        asking = threading.Thread(target=lambda: slow.append(ask(port, "/slow")))
        asking.start()
        assert ask(port)[1] is None
        time.sleep(0.1)

        asked_at = time.monotonic()
        server.handle_exit(signal.SIGTERM, None)

        # A proxy that has not noticed the shutdown yet.
        assert ask(port) == (["127.0.0.1", "http"], "close")
        while server.started and time.monotonic() - asked_at < 5:
            try:
                ask(port)
            except ConnectionError:
                break
            time.sleep(0.02)
        assert NOTICE_SECONDS < time.monotonic() - asked_at < SLOW_SECONDS
        asking.join()
        assert [body for body, _ in slow] == [["127.0.0.1", "http"]]


def test_who_asks_twice_does_not_wait_for_the_notice() -> None:
    with running() as (server, _):
        server.handle_exit(signal.SIGTERM, None)
        assert not server.should_exit
        server.handle_exit(signal.SIGTERM, None)
        assert server.should_exit


def test_a_probe_says_that_the_process_ends_and_that_is_no_error(caplog: Any) -> None:
    assert Client().get("/healthz").status_code == 200
    shutdown.begin()
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"state": "ending"})
    assert not caplog.records


def test_a_forged_address_is_not_believed_but_the_one_that_the_proxy_saw(settings: Any) -> None:
    """The proxy appends the address it saw; a client may have forged everything before it."""
    forwarded = {"X-Forwarded-For": "192.0.2.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    with running() as (_, port):
        assert ask(port, **forwarded)[0] == ["203.0.113.9", "https"]
        assert ask(port)[0] == ["127.0.0.1", "http"]
    settings.TRUSTED_PROXIES = ["10.0.0.2", "10.1.0.0/16"]
    with running() as (_, port):
        assert ask(port, **forwarded)[0] == ["127.0.0.1", "http"]
