"""What must hold before anything starts; each failure is one line a person can act on."""

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
    """Something outside keeps the site from starting; the message says what."""


def take_lock(var_dir: Path) -> int:
    """Hold VAR_DIR for one `up`; the descriptor keeps the lock until it is closed everywhere.

    Raises:
        NotReadyError: another one has it, or the folder cannot be written.
    """
    path = var_dir / "up.lock"
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NotReadyError(f"VAR_DIR {var_dir} cannot be written: {error.strerror}.") from error
    # An `up` that was killed leaves its Valkey, which holds the lock too, a moment to end.
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
    """Take the address that the web processes will share; nothing listens on it yet.

    Raises:
        NotReadyError: it is taken, or no address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # uvicorn does not set it on connections of an inherited socket; Linux copies it to them.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        # Two sockets may bind while neither listens, so only this proves the port is ours. Until
        # a web process accepts, connections wait.
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
    """Ask the database for one answer.

    Raises:
        NotReadyError: it gives none.
    """
    try:
        if connection.vendor == "sqlite":
            Path(connection.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        services.probe_database()
    except (services.ServiceAwayError, OSError) as error:
        raise NotReadyError(f"DATABASE_URL: no database answers: {first_line(error)}") from error


def reach_redis(url: str) -> None:
    """Ping the server.

    Raises:
        NotReadyError: it gives no answer.
    """
    try:
        services.probe_redis(url, seconds=3)
    except services.ServiceAwayError as error:
        raise NotReadyError(f"REDIS_URL: no server answers: {first_line(error)}") from error


def reach_storage() -> None:
    """Write to the bucket of STORAGE_URL; a folder needs no check.

    Raises:
        NotReadyError: that is not possible.
    """
    if on_this_host():
        return
    try:
        services.probe_storage(by_writing=True)
    except services.ServiceAwayError as error:
        raise NotReadyError(f"STORAGE_URL: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """An error's text, on one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
