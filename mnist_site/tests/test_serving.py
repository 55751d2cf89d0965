"""Between the socket and Django: threads for a WSGI application, and limits on HTTP."""

import asyncio
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from mnist_site.http_limits import LimitedHttp
from mnist_site.wsgi_threads import LARGE_BYTES, BusyError, StalledError, Threads
from recognizer.running.valkey import free_port


class Whole(list[bytes]):
    """A complete response, as Django marks it."""

    streaming = False


def scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http", "method": "POST", "path": "/ä/", "query_string": b"a=1", "scheme": "https",
        "http_version": "1.1", "server": ("site", 443), "client": ("10.0.0.7", 4242),
        "headers": [
            (b"host", b"site"), (b"x-two", b"a"), (b"x-two", b"b"), (b"content-type", b"t"),
        ],
    } | changes  # fmt: skip


def answers(application: Any, body: bytes = b"", **changes: Any) -> list[dict[str, Any]]:
    sent = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Threads(application, workers=2).answer(scope(**changes), body, send))
    return sent


def test_the_application_sees_the_request_as_wsgi_has_it() -> None:
    seen: dict[str, Any] = {}

    def application(environ: Any, start: Any) -> Whole:
        seen.update(environ, body=environ["wsgi.input"].read())
        start("404 Not Found", [("X-One", "1")])
        return Whole([b"no", b"ne"])

    begun, content = answers(application, b"{}", headers=scope()["headers"])

    assert (begun["status"], begun["headers"]) == (404, [(b"x-one", b"1")])
    assert (content["body"], content["more_body"]) == (b"none", False)
    assert seen["PATH_INFO"].encode("latin1").decode() == "/ä/"
    names = ("REQUEST_METHOD", "QUERY_STRING", "HTTP_HOST", "HTTP_X_TWO", "CONTENT_TYPE")
    assert [seen[name] for name in names] == ["POST", "a=1", "site", "a,b", "t"]
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("10.0.0.7", "https")
    # The body was chunked, so its length was not known before.
    assert (seen["CONTENT_LENGTH"], seen["body"]) == ("2", b"{}")


def test_a_streamed_answer_is_sent_piece_by_piece_from_one_thread_and_closed() -> None:
    threads, closed = set(), []

    def application(environ: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            for number in range(3):
                threads.add(threading.get_ident())
                yield str(number).encode()
        finally:
            closed.append(threading.get_ident())

    begun, *pieces = answers(application)

    assert begun["type"] == "http.response.start"
    assert [piece["body"] for piece in pieces] == [b"0", b"1", b"2", b""]
    assert [piece["more_body"] for piece in pieces] == [True, True, True, False]
    assert len(threads) == 1
    assert set(closed) == threads


def test_a_streamed_answer_waits_for_a_slow_client() -> None:
    made: list[int] = []
    behind: list[int] = []

    def application(environ: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        for number in range(20):
            made.append(number)
            yield b"x"

    async def send(message: dict[str, Any]) -> None:
        if message.get("body"):
            await asyncio.sleep(0.001)
            behind.append(len(made))

    asyncio.run(Threads(application, workers=1).answer(scope(), b"", send))
    assert behind == list(range(1, 21))


def test_a_client_that_stops_reading_gives_its_thread_back() -> None:
    closed = threading.Event()

    def application(environ: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            yield b"x"
            yield b"y"
        finally:
            closed.set()

    async def send(message: dict[str, Any]) -> None:
        if message.get("body") == b"y":
            await asyncio.Event().wait()

    async def stream() -> None:
        threads = Threads(application, workers=1, seconds_for_a_piece=0.05)
        with pytest.raises(StalledError):
            await threads.answer(scope(), b"", send)

    asyncio.run(stream())
    assert closed.is_set()


def test_more_than_so_many_are_turned_away_and_later_ones_answered() -> None:
    go_on = threading.Event()

    def application(environ: Any, start: Any) -> Whole:
        go_on.wait(10)
        start("200 OK", [])
        return Whole([b""])

    async def crowd() -> list[str]:
        threads = Threads(application, workers=1, most_waiting=2)

        async def ask() -> str:
            try:
                await threads.answer(scope(), b"", _send_nowhere)
            except BusyError:
                return "busy"
            return "answered"

        asked = [asyncio.create_task(ask()) for _ in range(3)]
        await asyncio.sleep(0)
        go_on.set()
        return [*await asyncio.gather(*asked), await ask()]

    assert asyncio.run(crowd()) == ["answered", "answered", "busy", "answered"]


def test_of_large_bodies_only_so_many_are_worked_on_at_a_time_and_small_ones_pass() -> None:
    go_on, begun = threading.Event(), []

    def application(environ: Any, start: Any) -> Whole:
        begun.append(environ["wsgi.input"].getbuffer().nbytes)
        if begun[-1] > LARGE_BYTES:
            go_on.wait(10)
        start("200 OK", [])
        return Whole([b""])

    async def crowd() -> list[int]:
        threads = Threads(application, workers=4, large_at_once=2)
        large = bytes(LARGE_BYTES + 1)
        asked = [
            asyncio.create_task(threads.answer(scope(), large, _send_nowhere)) for _ in range(3)
        ]
        await asyncio.sleep(0.05)
        await threads.answer(scope(), b"small", _send_nowhere)
        first = list(begun)
        go_on.set()
        await asyncio.gather(*asked)
        return first

    assert asyncio.run(crowd()) == [LARGE_BYTES + 1, LARGE_BYTES + 1, 5]
    assert len(begun) == 4


def test_an_answer_of_no_pieces_is_an_answer() -> None:
    def application(environ: Any, start: Any) -> Iterator[bytes]:
        start("204 No Content", [])
        return iter(())

    assert [message["type"] for message in answers(application)] == [
        "http.response.start",
        "http.response.body",
    ]


def test_what_a_request_sets_for_its_context_is_gone_with_it() -> None:
    from contextvars import ContextVar

    setting, seen = ContextVar("setting", default="unset"), []

    def application(environ: Any, start: Any) -> Whole:
        seen.append(setting.get())
        setting.set("set")
        start("200 OK", [])
        return Whole()

    async def twice() -> None:
        threads = Threads(application, workers=1)
        for _ in range(2):
            await threads.answer(scope(), b"", _send_nowhere)

    asyncio.run(twice())
    assert seen == ["unset", "unset"]


async def _send_nowhere(message: dict[str, Any]) -> None:
    pass


async def _read_all(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture
def port() -> Iterator[int]:
    found = free_port()
    config = uvicorn.Config(
        _read_all, port=found, http=LimitedHttp, lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield found
    server.should_exit = True
    thread.join()


def response_to(port: int, *pieces: bytes) -> bytes:
    """The server's response until it closes the connection or is silent for 0.5 s."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                # Sending after the server has closed would lose its last response.
                if select.select([connection], [], [], 0.005)[0]:
                    break
            while piece := connection.recv(65_536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    return received


def test_headers_without_end_are_refused(port: int) -> None:
    endless = [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        *[b"X-%d: %s\r\n" % (n, b"x" * 999) for n in range(200)],
    ]
    assert b"400 Bad Request" in response_to(port, *endless)
    assert b"400 Bad Request" in response_to(port, b"GET /", *[b"x" * 1000] * 200)


def test_a_chunk_extension_without_end_is_refused(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"The headers are too long" in response_to(port, head, b"5;", *[b"x" * 1000] * 200)


def test_long_bodies_and_many_requests_on_one_connection_are_no_long_headers(port: int) -> None:
    whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
    received = response_to(port, whole * 3)
    assert received.count(b"200 OK") == 3
    assert received.count(b"300000") == 3
