"""`make soak`: hours of use in minutes, while parts of the site are killed one by one.

Starts the site with its own PostgreSQL and Valkey and measures its peak rate. Then it sends
requests at half this rate, whether or not the site answers, while it kills and restarts Valkey,
PostgreSQL and a web process. At the end it checks the database.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.bench.report import CLIENTS, bodies, cookies_of, sessions
from benchmarks.common.figures import publish, say, write
from benchmarks.soak.faults import Fault, Faults, Valkey, running_valkey
from benchmarks.soak.findings import Stored, check_errors, check_saves, latencies
from benchmarks.soak.memory import Watch, trend
from benchmarks.soak.mix import Mix, digest_of_ink
from benchmarks.soak.table import in_words, is_kept, limits_as_markdown
from benchmarks.soak.traffic import Load
from devtools import processes
from devtools.report_site import Site, SiteError, environment
from ml.drawing.strokes import unpack_ink

if TYPE_CHECKING:  # needs the PostgreSQL binaries, which only developers have
    from devtools.postgres import Server

MINUTES, LEAST_MINUTES = 10.0, 2.0
SECONDS_TO_WARM_UP, SECONDS_OF_PEAK = 3.0, 10.0
CLIENTS_AT_PEAK = 16
SHARE_OF_PEAK = 0.5
SECONDS_BETWEEN_SAMPLES = 10.0
SHARE_OF_WARM_UP = 0.2
KILLS_IN_ALL = {2.0: 2, 5.0: 3}
"""From so many minutes on, so many of each part."""

_STORED = """
SELECT drawing.public_id::text, drawing.save_key::text, drawing.ink, count(prediction.id)
FROM recognizer_drawing AS drawing
LEFT JOIN recognizer_prediction AS prediction ON prediction.drawing_id = drawing.id
GROUP BY drawing.id
"""


def measure(folder: Path, minutes: float) -> dict[str, Any]:
    """Run the soak and return the figures."""
    from devtools import postgres

    # Committed data survives a kill only if commits wait for the disk.
    safely = [f"-c{name}=on" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    with postgres.server(*safely) as database, running_valkey(folder / "valkey") as valkey:
        rates = dict.fromkeys(
            (
                f"THROTTLE_{who}{what}"
                for who in ("", "ADDRESS_")
                for what in ("PREDICT", "SAVE", "API")
            ),
            "9999999/min",  # counted, but never reached
        )
        env = environment(folder / "var") | {
            "DATABASE_URL": database.url,
            "REDIS_URL": valkey.url,
            "LOG_LEVEL": "INFO",
            **rates,
        }
        site = Site(env)
        try:
            return _measure(site, database, valkey, minutes)
        finally:
            site.stop()


def _measure(site: Site, database: "Server", valkey: Valkey, minutes: float) -> dict[str, Any]:
    drawn = bodies().strokes
    with closing(site.staff()) as staff:
        mix = Mix(drawn, sessions(site.port, drawn), cookies_of(staff))
    load = Load(site.port, mix.make)
    say("how much it answers")
    load.as_fast_as_answered(CLIENTS_AT_PEAK, SECONDS_TO_WARM_UP)
    peak = load.as_fast_as_answered(CLIENTS_AT_PEAK, SECONDS_OF_PEAK)
    load.finish()
    before = len(load.outcomes)
    say(f"{peak:.0f} requests a second at most; half of it for {minutes:g} minutes")
    watch = Watch(lambda: _parts(site, database, valkey), _seconds_between(minutes))
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        asking = pool.submit(load.at_rate, peak * SHARE_OF_PEAK, minutes * 60)
        # Kill from this thread, which started the parts: they end with the thread that starts them.
        try:
            killed = _kill_by_turns(Faults(site, database, valkey, load), started, minutes)
        except BaseException:
            load.stop()
            asking.result()  # raises its error, if it failed
            last = Counter((one.kind, one.status, one.reason) for one in load.outcomes[-300:])
            say(f"The last answers: {dict(last)}\nWhat the site said last:\n{site.output[-4000:]}")
            raise
        asking.result()
    watch.stop()
    load.finish()
    return {
        "minutes": minutes,
        "cores": len(os.sched_getaffinity(0)),
        "peak_a_second": round(peak, 1),
        "asked_a_second": round(peak * SHARE_OF_PEAK, 1),
        "kills": dict(Counter(fault.part for fault in killed)),
        "faults": [_in_seconds(fault, started) for fault in killed],
        "seconds_to_good": _seconds_to_good(killed),
        "saves": check_saves(mix.saves, _stored(database), CLIENTS[-1]),
        "answers": check_errors(load.outcomes, killed),
        "latencies": latencies(load.outcomes[before:], killed),
        "ended_by_themselves": site.output.count("; starting it again.")
        - sum(fault.part == "web" for fault in killed),
        "memory": _memory(watch, minutes),
        "samples": {
            name: [(round(at - started), round(mb, 1)) for at, mb in samples]
            for name, samples in watch.samples.items()
        },
    }


def _kill_by_turns(faults: Faults, started: float, minutes: float) -> list[Fault]:
    """Kill Valkey, PostgreSQL and a web process in turn, spread over the time."""
    times = max(count for least, count in KILLS_IN_ALL.items() if minutes >= least)
    acts: list[Callable[[], Fault]] = [faults.valkey, faults.postgres, faults.web] * times
    killed = []
    for number, act in enumerate(acts, 1):
        time.sleep(max(0.0, started + number * minutes * 60 / (len(acts) + 1) - time.monotonic()))
        killed.append(act())
        lasted = killed[-1].good_at - killed[-1].killed_at
        say(f"  {time.monotonic() - started:.0f} s: {killed[-1].part} killed; {lasted:.1f} s")
    return killed


def _parts(site: Site, database: "Server", valkey: Valkey) -> Mapping[str, list[int]]:
    """Return the processes to watch, by name."""
    parts = {f"web process {pid}": [pid] for pid in site.web_processes()}
    for pid in processes.children(site.pid):
        for name in {"worker", "beat"} & set(processes.command_of(pid)):
            parts[name] = [pid]
    postmaster = database.process.pid if database.process else 0
    return parts | {
        "manage.py up": [site.pid],
        "valkey": [valkey.process.pid],
        "postgresql, all processes": processes.family(postmaster),
    }


def _memory(watch: Watch, minutes: float) -> list[dict[str, Any]]:
    """Return the memory trends of processes that lived long enough.

    Valkey and PostgreSQL are shown but not evaluated, since they restart and fill their caches.
    """
    warm_up = minutes * 60 * SHARE_OF_WARM_UP
    trends = [trend(name, samples, warm_up) for name, samples in sorted(watch.samples.items())]
    return [
        {
            **asdict(one),
            "grows": one.grows,
            "evaluated": one.is_long and not one.name.startswith(("valkey", "postgresql")),
        }
        for one in trends
        if one is not None
    ]


def _seconds_between(minutes: float) -> float:
    """Return the sampling interval, which is shorter in a short soak."""
    return min(SECONDS_BETWEEN_SAMPLES, minutes)


def _seconds_to_good(killed: list[Fault]) -> dict[str, list[float]]:
    return {
        part: [round(one.good_at - one.back_at, 2) for one in killed if one.part == part]
        for part in dict.fromkeys(one.part for one in killed)
    }


def _in_seconds(fault: Fault, started: float) -> dict[str, Any]:
    times = {name: value for name, value in asdict(fault).items() if name != "part"}
    return {"part": fault.part, **{name: round(at - started, 2) for name, at in times.items()}}


def _stored(database: "Server") -> list[Stored]:
    with psycopg.connect(database.url) as connection:
        found = connection.execute(_STORED).fetchall()
    return [
        Stored(drawing, key, digest_of_ink(unpack_ink(ink)), readings)
        for drawing, key, ink, readings in found
    ]


def main(argv: list[str] | None = None) -> int:
    """Measure, print the tables and write the figures; return 1 on failure or a missed limit."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="from 2 on")
    parser.add_argument("--output", type=Path, default=Path("reports/soak.json"))
    arguments = parser.parse_args(argv)
    if arguments.minutes < LEAST_MINUTES:
        parser.error(f"so many kills need at least {LEAST_MINUTES:g} minutes")
    try:
        with TemporaryDirectory(prefix="soak-") as name:
            figures = measure(Path(name), arguments.minutes)
    except (SiteError, OSError, RuntimeError) as error:
        sys.stderr.write(f"soak: {error}\n")
        return 1
    write(figures, arguments.output)
    sys.stdout.write(f"{in_words(figures)}\n")
    publish("soak", limits_as_markdown(figures))
    say(f"wrote {arguments.output}")
    return 0 if is_kept(figures) else 1
