"""`make growth-report`: what pages cost with a million drawings, beside what they cost with 10,000.

Fills two databases (see `filling`) and asks each for the same pages, in one process and without a
web server. It counts the work of the database (see `work`) as well as the time, since the time
alone says little on a busy machine.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg

from recognizer.reports.site import ROOT, environment

SMALL, LARGE = 10_000, 1_000_000
MOST_RATIO = 1.5
TIMES = 7


def measured(count: int, folder: Path) -> dict[str, Any]:
    """Fill a database with so many drawings, unless it is there already, and measure it.

    In a process of its own, since Django knows one database. What is in `folder` is used again.
    """
    home = folder / str(count)
    home.mkdir(parents=True, exist_ok=True)
    url = _database(count, home)
    env = os.environ | environment(home) | {"DATABASE_URL": url}
    command = [sys.executable, "-m", "recognizer.reports.growth", "--measure", str(count)]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)  # noqa: S603
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _database(count: int, home: Path) -> str:
    """Beside each other on the server that DATABASE_URL names, else a file of SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        return f"sqlite:///{home / 'db.sqlite3'}"
    name = f"growth_{count}"
    with psycopg.connect(server, autocommit=True) as server_connection:
        there = "SELECT 1 FROM pg_database WHERE datname = %s"
        if server_connection.execute(there, [name]).fetchone() is None:
            server_connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def measure_here(count: int) -> dict[str, Any]:
    """Fill this process's database and measure it."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from recognizer.models import Drawing
    from recognizer.reports import filling, growth_pages

    call_command("migrate", verbosity=0)
    # How the files of a page are named makes no difference here, and collecting them takes a while.
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = plain
    seconds = None
    if not Drawing.objects.exists():
        started = time.monotonic()
        growth_pages.make_versions()
        filling.fill(count, processes=os.cpu_count() or 1, progress=_say(count))
        seconds = round(time.monotonic() - started, 1)
    return {
        "drawings": Drawing.objects.count(),
        "seconds_to_fill": seconds,
        "bytes_a_drawing": growth_pages.bytes_a_drawing(),
        "pages": growth_pages.measure(TIMES),
    }


def _say(count: int) -> Any:
    started = time.monotonic()

    def progress(stored: int) -> None:
        if stored % max(count // 20, 1) < 1000:
            sys.stderr.write(f"{stored:,} of {count:,}, {time.monotonic() - started:.0f} s\n")

    return progress


def compared(small: dict[str, Any], large: dict[str, Any]) -> dict[str, Any]:
    """Both, and for each page how many times as much the large one costs."""
    ratios = {
        name: {
            what: round(figures[what] / max(small["pages"][name][what], 1e-9), 2)
            for what in ("work", "ms")
        }
        for name, figures in large["pages"].items()
    }
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "database": large["bytes_a_drawing"]["database"],
        "small": small,
        "large": large,
        "ratios": ratios,
        "median_ratio_ms": round(statistics.median(one["ms"] for one in ratios.values()), 2),
    }


def in_words(figures: dict[str, Any]) -> str:
    """A table in Markdown."""
    small, large = figures["small"], figures["large"]
    sizes = [f"{one['drawings']:,}" for one in (small, large)]
    lines = [
        f"| page | ms at {sizes[0]} | ms at {sizes[1]} | times | work | work | times |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, ratio in figures["ratios"].items():
        one, other = small["pages"][name], large["pages"][name]
        over = "" if ratio["work"] <= MOST_RATIO or ratio["ms"] <= MOST_RATIO else " NO"
        lines.append(
            f"| {name} | {one['ms']:.1f} | {other['ms']:.1f} | {ratio['ms']:.2f}"
            f" | {one['work']:,} | {other['work']:,} | {ratio['work']:.2f}{over} |"
        )
    storage = ", ".join(f"{key} {value}" for key, value in large["bytes_a_drawing"].items())
    lines += ["", f"Bytes a drawing at {sizes[1]}: {storage}."]
    if large["seconds_to_fill"]:
        lines.append(f"Filled in {large['seconds_to_fill']:.0f} s.")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; the exit status."""
    parser = argparse.ArgumentParser(prog="make growth-report", description=__doc__)
    parser.add_argument("--count", type=int, default=LARGE, help="default: %(default)s")
    parser.add_argument("--small", type=int, default=SMALL, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="where databases stay, and are used again")
    parser.add_argument("--output", type=Path, default=Path("reports/growth.json"))
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.measure:
        sys.stdout.write(json.dumps(measure_here(arguments.measure)))
        return 0
    with TemporaryDirectory(prefix="growth-report-") as name:
        folder = arguments.folder or Path(name)
        small, large = (measured(count, folder) for count in (arguments.small, arguments.count))
    figures = compared(small, large)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(f"{in_words(figures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
