"""Clients that send requests as fast as a server answers, at little CPU cost.

They use one thread, plain sockets and prepared requests. Clients and server share two cores, so
the clients must not take the server's CPU time.
"""

import re
import selectors
import socket
import time
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

_STATUS = slice(9, 12)
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CLOSING = re.compile(rb"(?i)\r\nconnection: *close")
_PATIENCE_SECONDS = 60.0
_UNKNOWN = 1 << 62


@dataclass(frozen=True)
class Measured:
    """The result of sending requests for a while."""

    seconds: float
    answers: int
    failed: int
    first_failure: str
    milliseconds: "tuple[float, ...]" = field(repr=False)

    @property
    def a_second(self) -> float:
        """Return good answers per second."""
        return (self.answers - self.failed) / self.seconds

    def percentile(self, percent: float) -> float:
        """Return a percentile in milliseconds; 0 without any answer."""
        return float(np.percentile(self.milliseconds, percent)) if self.milliseconds else 0.0


def http_request(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """Build a complete request that can be sent repeatedly."""
    lines = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return head.encode() + b"\r\n" + body


class Connection:
    """A connection, open as long as the server keeps it open, with at most one active request."""

    def __init__(self, port: int, waiting: selectors.BaseSelector) -> None:
        self._port, self._waiting = port, waiting
        self._socket: socket.socket | None = None
        self._received = b""
        self._whole = _UNKNOWN
        self._sent_at = 0.0

    @property
    def is_open(self) -> bool:
        """Return whether the server has kept it open after the last answer."""
        return self._socket is not None

    def ask(self, request: bytes) -> None:
        """Send a request; the selector reports this connection when data arrives.

        Raises:
            OSError: the server refused or closed the connection.
        """
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), _PATIENCE_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._waiting.register(self._socket, selectors.EVENT_READ, self)
        self._received, self._whole = b"", _UNKNOWN
        self._sent_at = time.perf_counter()
        self._socket.sendall(request)

    def hear(self) -> tuple[float, bytes] | None:
        """Return the seconds the answer took, and the answer; None while it is incomplete.

        Raises:
            OSError: the server closed the connection.
        """
        assert self._socket is not None
        piece = self._socket.recv(1 << 18)
        self._received += piece
        head = self._received.find(b"\r\n\r\n")
        if self._whole == _UNKNOWN and head >= 0:
            self._whole = self._length(head)
        if piece and len(self._received) < self._whole:
            return None
        seconds = time.perf_counter() - self._sent_at
        if len(self._received) < self._whole != _UNKNOWN:
            self._received = b"cut off: " + self._received
        ends = self._received.startswith(b"HTTP/1.0")
        if not piece or ends or _CLOSING.search(self._received, 0, head + 2):
            self.close()
        return seconds, self._received

    def _length(self, head: int) -> int:
        """Return the length of the answer; one without a length ends with the connection."""
        length = _LENGTH.search(self._received, 0, head + 2)
        if self._received[_STATUS] == b"204":
            return head + 4
        return head + 4 + int(length[1]) if length else _UNKNOWN

    def close(self) -> None:
        if self._socket is not None:
            self._waiting.unregister(self._socket)
            self._socket.close()
            self._socket = None


def keep_asking(port: int, requests: list[list[bytes]], seconds: float) -> Measured:
    """Let each client send its next request as soon as it has an answer.

    Args:
        requests: for each client, the requests that it repeats in turn.

    Returns:
        All answers within the time, or the first one after it. Anything but a complete 2xx is a
        failure. If no answer comes within another minute, every client has failed.
    """
    taken: list[float] = []
    failures: list[bytes] = []
    with selectors.DefaultSelector() as waiting:
        clients = {Connection(port, waiting): cycle(own) for own in requests}
        started = time.perf_counter()
        for client, own in clients.items():
            client.ask(next(own))
        while (left := started + seconds - time.perf_counter()) > 0 or (
            not taken and left > -_PATIENCE_SECONDS
        ):
            for key, _ in waiting.select(max(left, 0.1)):
                if (answer := key.data.hear()) is not None:
                    taken.append(answer[0] * 1000)
                    if answer[1][_STATUS][:1] != b"2":
                        failures.append(answer[1][:600])
                    key.data.ask(next(clients[key.data]))
        spent = time.perf_counter() - started
        for client in clients:
            client.close()
    if not taken:
        failures = [b"no answer"] * len(clients)
    first = failures[0].decode(errors="replace") if failures else ""
    return Measured(spent, max(len(taken), len(failures)), len(failures), first, tuple(taken))
