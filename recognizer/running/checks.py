"""Checks before the site starts. Each failure is one line that says what to do."""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path

from django.db import connection

from recognizer.backing.storage import on_this_host
from recognizer.running import services

_LOCK_PATIENCE_SECONDS = 1.5


class NotReadyError(Exception):
    """The site cannot start; the message says why."""


def take_lock(var_dir: Path) -> int:
    """Lock VAR_DIR for one `up`, until every process has closed the returned descriptor.

    Raises:
        NotReadyError: another `up` holds the lock, or the folder cannot be written.
    """
    path = var_dir / "up.lock"
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NotReadyError(f"VAR_DIR {var_dir} cannot be written: {error.strerror}.") from error
    # After an `up` was killed, its Valkey holds the lock for a moment longer.
    deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() > deadline:
                os.close(lock)
                raise NotReadyError(
                    f"Another `manage.py up` is running on VAR_DIR {var_dir}; end it first."
                ) from error
            time.sleep(0.1)
        else:
            return lock


def bind(host: str, port: int) -> socket.socket:
    """Bind the socket that the web processes share; connections wait until one accepts.

    Raises:
        NotReadyError: the address is taken, or does not belong to this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # uvicorn does not set TCP_NODELAY on an inherited socket; on Linux, connections inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        # Two sockets can bind the same port while neither listens, so only this proves it is free.
        listener.listen(1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = f"Port {port} of {host} is taken; end what listens there, or set WEB_PORT."
            raise NotReadyError(advice) from error
        raise NotReadyError(
            f"WEB_HOST {host}, WEB_PORT {port}: {error.strerror or error}."
        ) from error
    return listener


def reach_database() -> None:
    """Query the database.

    Raises:
        NotReadyError: the database does not answer.
    """
    try:
        if connection.vendor == "sqlite":
            Path(connection.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        services.probe_database()
    except (services.ServiceAwayError, OSError) as error:
        raise NotReadyError(f"DATABASE_URL: no database answers: {first_line(error)}") from error


def reach_redis(url: str) -> None:
    """Ping the Redis server.

    Raises:
        NotReadyError: the server does not answer.
    """
    try:
        services.probe_redis(url, seconds=3)
    except services.ServiceAwayError as error:
        raise NotReadyError(f"REDIS_URL: no server answers: {first_line(error)}") from error


def reach_storage() -> None:
    """Write to the bucket of STORAGE_URL; a folder needs no check.

    Raises:
        NotReadyError: the bucket cannot be written.
    """
    if on_this_host():
        return
    try:
        services.probe_storage(by_writing=True)
    except services.ServiceAwayError as error:
        raise NotReadyError(f"STORAGE_URL: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
