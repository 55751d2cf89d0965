"""`make growth-report`: the cost of pages with a million drawings compared with 10,000.

Fills two databases (see `filling`) and requests the same pages of each in turns, so that other
load on the machine slows both equally. A page may take at most 1.5 times as long with the large
database; one that misses this is measured again first. The database's work (see `work`) is counted
too, and shows the reason.
"""

import argparse
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg

from benchmarks.common.aims import as_markdown
from benchmarks.common.figures import write
from benchmarks.growth.questions import Asked

SMALL, LARGE = 10_000, 1_000_000
MOST_RATIO = 1.5
TIMES = 15
MOST_SERIES = 4
SECONDS_TO_FILL = 600
FORGOTTEN = 5_000

Figures = dict[str, Any]


class Database(Protocol):
    """Answers questions about one of the two databases, as `Asked` does."""

    def ask(self, what: str, **about: Any) -> Any: ...


def database(count: int, home: Path) -> str:
    """Return the URL of a database on the server in DATABASE_URL, else of an SQLite file."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        return f"sqlite:///{home / 'db.sqlite3'}"
    name = f"growth_{count}"
    with psycopg.connect(server, autocommit=True) as server_connection:
        there = "SELECT 1 FROM pg_database WHERE datname = %s"
        if server_connection.execute(there, [name]).fetchone() is None:
            server_connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def compared(small: Database, large: Database, times: int) -> dict[str, Figures]:
    """Return milliseconds and work of each page with both databases, and their ratios."""
    pages = {}
    for name in small.ask("names"):
        works = [one.ask("work", page=name) for one in (small, large)]
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(MOST_SERIES):
            _in_turns(name, small, large, times, taken)
            if ratio(*taken) <= MOST_RATIO:
                break
        pages[name] = {
            "ms": [round(median(one), 2) for one in taken],
            "times": round(ratio(*taken), 2),
            "work": [one["work"] for one in works],
            "work_times": round(works[1]["work"] / max(works[0]["work"], 1), 2),
            "queries": [one["queries"] for one in works],
        }
        sys.stderr.write(f"{name}: {pages[name]['times']:.2f}\n")
    return pages


def _in_turns(
    page: str, small: Database, large: Database, times: int, taken: tuple[list[float], list[float]]
) -> None:
    sides = list(zip((small, large), taken, strict=True))
    for number in range(times):
        for one, measured in sides[:: 1 if number % 2 else -1]:
            measured.append(one.ask("time", page=page)["ms"])


def ratio(small: Sequence[float], large: Sequence[float]) -> float:
    """Return how many times as long the large database takes."""
    return median(large) / max(median(small), 1e-9)


def missed(figures: Figures) -> list[str]:
    """Describe what is over its limit."""
    found = [
        f"{name} takes {page['times']:.2f} times as long"
        for name, page in figures["pages"].items()
        if page["times"] > MOST_RATIO
    ]
    large = figures["large"]
    most = SECONDS_TO_FILL * max(large["drawings"] / LARGE, 0.1)  # startup takes a fixed time
    if large["seconds_to_fill"] and large["seconds_to_fill"] > most:
        found.append(f"filling took {large['seconds_to_fill']:.0f} s, over {most:.0f} s")
    return found


def in_words(figures: Figures) -> str:
    """Return a Markdown table and a few lines."""
    small, large = (f"{figures[side]['drawings']:,}" for side in ("small", "large"))
    head = (
        *("page", f"ms at {small}", f"ms at {large}", f"ratio, at most {MOST_RATIO}"),
        *(f"work at {small}", f"work at {large}", "ratio"),
    )
    table = as_markdown(head, [_row(name, page) for name, page in figures["pages"].items()])
    about = f"{figures['database']}, {figures['machine']}"
    return "\n".join([about, "", table, "", *_beside_pages(figures["large"]), _verdict(figures)])


def _row(name: str, page: Mapping[str, Any]) -> tuple[str, ...]:
    over = " NO" if page["times"] > MOST_RATIO else ""
    times, work_times = f"{page['times']:.2f}{over}", f"{page['work_times']:.2f}"
    return (
        *(name, *(f"{ms:.1f}" for ms in page["ms"]), times),
        *(*(f"{work:,}" for work in page["work"]), work_times),
    )


def _beside_pages(large: Mapping[str, Any]) -> list[str]:
    sizes = large["bytes_a_drawing"]
    lines = [
        f"Bytes per drawing, with its prediction and labels: {sizes['tables'] + sizes['indexes']}"
        f" (tables {sizes['tables']}, indexes {sizes['indexes']}), including strokes"
        f" {sizes['strokes']}, bitmap {sizes['bitmap']}, scores {sizes['scores']}.",
    ]
    if large["seconds_to_fill"]:
        lines.append(f"Filled with {large['drawings']:,} in {large['seconds_to_fill']:.0f} s.")
    if forgot := large.get("forgot"):
        lines.append(
            f"forget_old deleted {forgot['deleted']:,} in {forgot['seconds']:.1f} s,"
            f" {forgot['deleted'] / forgot['seconds']:,.0f} per second."
        )
    return lines


def _verdict(figures: Figures) -> str:
    found = missed(figures)
    return "Missed: " + "; ".join(found) + "." if found else "Everything is within its limit."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the report; return 1 if anything missed its limit."""
    parser = argparse.ArgumentParser(prog="make growth-report", description=__doc__)
    parser.add_argument("--count", type=int, default=LARGE, help="default: %(default)s")
    parser.add_argument("--small", type=int, default=SMALL, help="default: %(default)s")
    parser.add_argument("--times", type=int, default=TIMES, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="where databases stay, and are used again")
    parser.add_argument("--output", type=Path, default=Path("reports/growth.json"))
    arguments = parser.parse_args(argv)
    with ExitStack() as stack:
        folder = arguments.folder or Path(
            stack.enter_context(TemporaryDirectory(prefix="growth-report-"))
        )
        small, large = (
            stack.enter_context(Asked(count, home, database(count, home)))
            for count in (arguments.small, arguments.count)
            if (home := _made(folder / str(count)))
        )
        figures = measured(small, large, arguments.times)
    write(figures, arguments.output)
    sys.stdout.write(f"{in_words(figures)}\n")
    return 1 if missed(figures) else 0


def measured(small: Database, large: Database, times: int) -> Figures:
    """Measure everything; last, delete the oldest drawings of the large database."""
    sides = {"small": small.ask("facts"), "large": large.ask("facts")}
    pages = compared(small, large, times)
    sides["large"]["forgot"] = large.ask("forget", count=FORGOTTEN)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return {"machine": machine, "database": sides["large"].pop("database"), **sides, "pages": pages}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
