"""`manage.py up`: run the whole site in one terminal."""

import http.client
import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from recognizer.monitoring import metric_files
from recognizer.running import checks, parts, preparation
from recognizer.running.interrupts import Interrupts
from recognizer.running.lifetime import ask_for_signal_at_parents_death
from recognizer.running.supervisor import Console, PartFailedError, Supervisor
from recognizer.running.valkey import EmbeddedValkey


class Command(BaseCommand):
    """Checks, prepares and starts every part; ends them all on Ctrl-C."""

    help = "Run the whole site: web servers, a Celery worker, beat and, without REDIS_URL, Valkey."
    # System checks import every view; `make lint` runs them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="stop when the parent process ends, even if it was killed",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        console = Console(sys.stdout, as_json=settings.LOG_FORMAT == "json")
        supervisor = Supervisor(console)
        interrupts = Interrupts(supervisor.kill)
        interrupts.install()
        try:
            if options["with_parent"]:
                ask_for_signal_at_parents_death(signal.SIGTERM, os.getppid())
            _run(supervisor, console)
        except KeyboardInterrupt:
            console.say("up", "Stopping. Press Ctrl-C again to stop at once.")
        except (checks.NotReadyError, PartFailedError) as error:
            sys.exit(f"manage.py up: {error}")
        finally:
            interrupts.now_ending()
            supervisor.stop()
        console.say("up", "Stopped.")


def _run(supervisor: Supervisor, console: Console) -> None:
    def say(text: str) -> None:
        console.say("up", text)

    host, port = settings.WEB_HOST, settings.WEB_PORT
    lock = checks.take_lock(settings.VAR_DIR)
    listener = checks.bind(host, port)
    checks.reach_database()
    if settings.REDIS_URL:
        checks.reach_redis(settings.REDIS_URL)
    checks.reach_storage()
    with preparation.one_host_at_a_time():
        preparation.migrate(say)
        preparation.register_model(say)
        preparation.make_first_account(say)
    preparation.collect_static(say)
    connections.close_all()
    _start_parts(supervisor, listener, lock)
    threading.Thread(target=_announce, args=(listener, host, console), daemon=True).start()
    supervisor.watch()


def _start_parts(supervisor: Supervisor, listener: socket.socket, lock: int) -> None:
    env = {"REDIS_URL": settings.REDIS_URL}
    if not settings.REDIS_URL:
        valkey = EmbeddedValkey.prepare(settings.VAR_DIR / "valkey")
        process = supervisor.start(parts.valkey(valkey.command, lock))
        valkey.wait_until_it_answers(process)
        env["REDIS_URL"] = valkey.url
    web_env = {**env, metric_files.VARIABLE: _metrics_folder()}
    for number in range(1, settings.WEB_PROCESSES + 1):
        supervisor.start(parts.web(number, listener.fileno(), web_env))
    supervisor.start(parts.worker(env))
    supervisor.start(parts.beat(settings.VAR_DIR / "beat-schedule", env))


def _metrics_folder() -> str:
    folder: Path = settings.VAR_DIR / "metrics"
    metric_files.start_anew(folder)
    return str(folder)


def _announce(listener: socket.socket, host: str, console: Console) -> None:
    """Print the site's address once a web process serves a page."""
    port = listener.getsockname()[1]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  only compared
    while True:
        # The socket already listens, so the request waits for a process to accept it.
        connection = http.client.HTTPConnection(here, port, timeout=60)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
            break
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    shown = f"[{here}]" if ":" in here else here
    answer = "Ready" if status < 500 else f"Something is wrong: error {status}"
    console.say("up", f"{answer} on http://{shown}:{port}")
