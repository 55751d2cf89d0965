"""`make bench`: how fast the site answers, compared with Flask and Gradio on the same network.

Starts the real servers one after another on the same machine, and sends requests from 1, 8 and 32
clients. The site is `manage.py up` with all its parts; the other two are in `baselines/`. For a
ratio, both servers are measured in turns, since a machine's speed varies over time.
"""

import argparse
import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from benchmarks.bench.table import aims_as_markdown, in_words
from benchmarks.common.clients import Measured, http_request, keep_asking
from benchmarks.common.figures import publish, say, write
from benchmarks.learning.group import synthetic
from devtools import processes
from devtools.report_site import ROOT, Site, SiteError, Staff, Visitor, body_of, environment
from ml.contract import Ink
from ml.drawing.pictures import as_picture
from ml.evaluation.robustness import lay
from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

CLIENTS = (1, 8, 32)
SECONDS, SECONDS_TO_WARM_UP = 6.0, 1.0
TURNS, CLIENTS_BY_TURNS = 10, 8
SECONDS_TO_START = 120.0
SECONDS_TO_FINISH = 30.0
BATCH = 256
ADDRESSES = 4_096
"""Client addresses for the test with rate limits: none exceeds the default rate."""

PREDICT, DRAWINGS = "/api/v1/predict/", "/api/v1/drawings/"
PEN_PX = 14.0
SEED = 1

Requests = list[list[bytes]]


@dataclass(frozen=True)
class Server:
    """A server under test: its name, port and processes."""

    name: str
    port: int
    roots: tuple[int, ...]
    web: tuple[int, ...]

    def cpu_seconds(self) -> float:
        pids = [pid for root in self.roots for pid in processes.family(root)]
        return sum(processes.cpu_seconds(pid) or 0.0 for pid in pids)

    def memory_mb(self) -> float:
        """Return the memory of its largest web process."""
        return max((processes.resident_mb(pid) or 0.0 for pid in self.web), default=0.0)


class Bench:
    """Takes the measurements and keeps the rows."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.rows: list[dict[str, Any]] = []
        self.by_turns: dict[str, tuple[float, float]] = {}

    def ask(self, server: Server, what: str, requests: Requests, *, each: int = 1) -> None:
        """Measure at each number of clients; `each` is the number of drawings per request."""
        for clients in CLIENTS:
            _let_it_finish(server)
            own = [requests[n % len(requests)] for n in range(clients)]
            keep_asking(server.port, own, min(SECONDS_TO_WARM_UP, self.seconds))
            before = server.cpu_seconds()
            measured = keep_asking(server.port, own, self.seconds)
            cpu = server.cpu_seconds() - before
            self.rows.append(_row(server, what, clients, measured, cpu, each))
            say("  " + " ".join(f"{name}={value}" for name, value in self.rows[-1].items()))

    def take_turns(self, name: str, *asked: tuple[Server, Requests]) -> None:
        """Measure two servers in turns, and keep how many good answers a second each gives."""
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(TURNS):
            for (server, requests), found in zip(asked, rates, strict=True):
                _let_it_finish(server)
                own = requests[:CLIENTS_BY_TURNS]
                found.append(keep_asking(server.port, own, self.seconds / 3).a_second)
        self.by_turns[name] = (round(mean(rates[0]), 1), round(mean(rates[1]), 1))
        say(f"  in turns: {name} {self.by_turns[name]}")


def _let_it_finish(server: Server) -> None:
    """Wait until it has finished the requests of clients that have disconnected."""
    deadline = time.monotonic() + SECONDS_TO_FINISH
    while time.monotonic() < deadline:
        before = server.cpu_seconds()
        time.sleep(0.25)
        if server.cpu_seconds() - before < 0.05:
            return


def _row(
    server: Server, what: str, clients: int, measured: Measured, cpu: float, each: int
) -> dict[str, Any]:
    return {
        "server": server.name,
        "what": what,
        "clients": clients,
        "per_second": round(measured.a_second * each, 1),
        "p50_ms": round(measured.percentile(50), 2),
        "p99_ms": round(measured.percentile(99), 2),
        "cpu_ms": round(cpu * 1000 / max(1, measured.answers * each), 3),
        "memory_mb": round(server.memory_mb(), 1),
        "requests": measured.answers,
        "failed": measured.failed,
        **({"failure": measured.first_failure} if measured.failed else {}),
    }


@dataclass(frozen=True)
class Bodies:
    """The same synthetic digits, as strokes and as the PNG of a canvas with dark ink."""

    strokes: list[dict[str, Any]]
    images: list[dict[str, Any]]


def bodies() -> Bodies:
    rng = np.random.default_rng(SEED)
    inks = [lay(drawn, rng) for drawn in synthetic(rng, writers=10, of_each=1).drawn]  # type: ignore[arg-type]
    # Synthetic strokes have twice as many points as those of a pointer.
    thinned = [Ink(tuple(s[::2] for s in ink.strokes), ink.width, ink.height) for ink in inks]
    return Bodies([body_of(ink) for ink in thinned], [{"image": _png_url(ink)} for ink in inks])


def _png_url(ink: Ink) -> str:
    canvas = ImageOps.invert(Image.fromarray(as_picture(ink, PEN_PX).pixels))
    png = io.BytesIO()
    canvas.save(png, "PNG")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def posts(path: str, sent: list[dict[str, Any]]) -> Requests:
    """Return the same requests for each client, starting at a different one."""
    whole = [http_request("POST", path, json.dumps(body).encode()) for body in sent]
    return [whole[n % len(whole) :] + whole[: n % len(whole)] for n in range(CLIENTS[-1])]


def throttled(sent: list[dict[str, Any]]) -> Requests:
    """Return requests as a proxy forwards them, each from the next of ADDRESSES."""
    requests = [
        http_request(
            "POST",
            PREDICT,
            json.dumps(sent[n % len(sent)]).encode(),
            {"X-Forwarded-For": f"10.0.{n // 256}.{n % 256}"},
        )
        for n in range(ADDRESSES)
    ]
    return [requests[n :: CLIENTS[-1]] for n in range(CLIENTS[-1])]


def cookies_of(visitor: Visitor) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{m.key}={m.value}" for m in visitor.cookies.values())}


def sessions(port: int, sent: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return a session cookie for each client, of a person who has drawn before."""
    found = []
    for _ in range(CLIENTS[-1]):
        with closing(Visitor(port)) as visitor:
            visitor.api("POST", "drawings/", sent[0])
            found.append(cookies_of(visitor))
    return found


def ask_for_the_stored(bench: Bench, server: Server, staff: Staff, sent: Bodies) -> None:
    """Save drawings, then list them by the API and in the admin."""
    known = sessions(server.port, sent.strokes)
    raw = [json.dumps(body).encode() for body in sent.strokes]
    saves = [[http_request("POST", DRAWINGS, body, who) for body in raw] for who in known]
    bench.ask(server, "save a drawing", saves)
    readings = posts(PREDICT, sent.strokes)
    bench.take_turns(server.name, (server, readings), (server, saves))
    lists = [[http_request("GET", DRAWINGS, headers=who)] for who in known]
    bench.ask(server, "list 50 drawings", lists)
    history = http_request("GET", "/admin/recognizer/drawing/", headers=cookies_of(staff))
    bench.ask(server, "admin history", [[history]])


@contextmanager
def site(name: str, env: dict[str, str], *further: int) -> Iterator[tuple[Server, Site]]:
    """Run a site; `further` are other processes whose CPU time counts."""
    running = Site(env)
    try:
        web = tuple(running.web_processes())
        yield Server(name, running.port, (running.pid, *further), web), running
    finally:
        running.stop()


def seconds_to_start(env: dict[str, str]) -> float:
    """Return the seconds from the start of a web process to its first answer."""
    port, started = free_port(), time.monotonic()
    command = [sys.executable, "-m", "uvicorn", "mnist_site.asgi:application", "--lifespan", "off"]
    request = http_request("GET", "/api/v1/models/active/")
    with _started([*command, "--log-level", "warning", "--port", str(port)], env) as process:
        _wait_until_it_answers(process, port, request)
        return round(time.monotonic() - started, 2)


@contextmanager
def _started(command: list[str], env: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr.fileno(),
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, request: bytes) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), SECONDS_TO_START) as connection:
                connection.sendall(request)
                if connection.recv(64).startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise SiteError(f"Nothing answers on port {port}.")


def ask_baseline(
    bench: Bench,
    python: Path,
    module: str,
    name: str,
    sent: Requests,
    beside: tuple[Server, Requests],
) -> None:
    """Start and measure one of `benchmarks/bench/baselines/`, then it and the site in turns."""
    port = free_port()
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(ROOT)}
    with _started(
        [str(python), "-m", f"benchmarks.bench.baselines.{module}", str(port)], quiet
    ) as process:
        _wait_until_it_answers(process, port, sent[0][0])
        server = Server(name, port, (process.pid,), (process.pid,))
        bench.ask(server, "predict by image", sent)
        bench.take_turns(name, beside, (server, sent))


def ask_baselines(
    bench: Bench, python: Path, sent: Bodies, beside: tuple[Server, Requests]
) -> None:
    """Measure each baseline while an idle site runs beside it."""
    say("Flask")
    images = posts("/predict", sent.images)
    ask_baseline(bench, python, "flask_app", "Flask", images, beside)
    say("Gradio")
    to_gradio = [{"data": [{"path": None, "url": one["image"]}]} for one in sent.images]
    images = posts("/gradio_api/run/predict", to_gradio)
    ask_baseline(bench, python, "gradio_app", "Gradio", images, beside)


def ask_site(bench: Bench, folder: Path, sent: Bodies) -> float:
    """Measure everything on SQLite, and return how long a web process takes to start."""
    env = environment(folder)
    with site("site, SQLite", env) as (server, running), closing(running.staff()) as staff:
        bench.ask(server, "predict by strokes", posts(PREDICT, sent.strokes))
        bench.ask(server, "predict by image", posts(PREDICT, sent.images))
        batch = (sent.strokes * BATCH)[:BATCH]
        bench.ask(
            server, f"predict {BATCH} at once", posts(PREDICT, [{"items": batch}]), each=BATCH
        )
        ask_for_the_stored(bench, server, staff, sent)
        return seconds_to_start(env)


def measure(folder: Path, python: Path, seconds: float) -> dict[str, Any]:
    """Measure all servers one after another."""
    from devtools import postgres

    bench, sent = Bench(seconds), bodies()
    say("the site, on SQLite")
    start = ask_site(bench, folder / "sqlite", sent)
    say("the site, with rate limits")
    rates = {"THROTTLE_PREDICT": "600/min", "THROTTLE_ADDRESS_PREDICT": "6000/min"}
    env = environment(folder / "throttled") | rates
    with site("site, throttled", env) as (server, _):
        bench.ask(server, "predict by strokes", throttled(sent.strokes))
    say("the site, on PostgreSQL")
    # As durable as in production; the tests' server does not wait for the disk.
    safely = [f"-c{name}=on" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    with postgres.server(*safely) as database:
        assert database.process is not None
        env = environment(folder / "postgres") | {"DATABASE_URL": database.url}
        with (
            site("site, PostgreSQL", env, database.process.pid) as (server, running),
            closing(running.staff()) as staff,
        ):
            ask_for_the_stored(bench, server, staff, sent)
    with site("site, idle", environment(folder / "beside")) as (server, _):
        ask_baselines(bench, python, sent, (server, posts(PREDICT, sent.strokes)))
    return {
        "seconds_each": seconds,
        "cores": len(os.sched_getaffinity(0)),
        "web_start_seconds": start,
        "rows": bench.rows,
        "by_turns": bench.by_turns,
    }


def main(argv: list[str] | None = None) -> int:
    """Measure, print the tables and write the figures; return 1 with one line on failure."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    parser.add_argument("--baselines", type=Path, default=Path(sys.executable), help="a Python")
    parser.add_argument("--output", type=Path, default=Path("reports/bench.json"))
    arguments = parser.parse_args(argv)
    try:
        with TemporaryDirectory(prefix="bench-") as name:
            figures = measure(Path(name), arguments.baselines, arguments.seconds)
    except (SiteError, OSError, RuntimeError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    write(figures, arguments.output)
    sys.stdout.write(f"{in_words(figures)}\n")
    publish("bench", aims_as_markdown(figures))
    say(f"wrote {arguments.output}")
    return 0
