"""One of the two databases of `growth`, in its own process, since Django uses one database.

`Asked` sends questions to that process as lines of JSON. The process, `python -m
benchmarks.growth.questions`, first fills its database if it is empty.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from devtools.report_site import ROOT, environment


class Asked:
    """A filled database; its process ends with the block."""

    def __init__(self, count: int, home: Path, url: str) -> None:
        env = os.environ | environment(home) | {"DATABASE_URL": url}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.growth.questions", str(count)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ask("names")  # answers once the database is filled

    def ask(self, what: str, **about: Any) -> Any:
        """Ask a question and return the answer.

        Raises:
            RuntimeError: the process has ended; its last output is on stderr.
        """
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"what": what, **about}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"The process that should have said {what} has ended.")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()  # ends the process
        self._process.wait(timeout=60)


def main(count: int) -> None:
    """Answer questions until stdin ends."""
    import django

    django.setup()
    from benchmarks.growth import page_costs

    seconds = _fill(count)
    pages = page_costs.pages()
    answers: dict[str, Callable[..., Any]] = {
        "names": lambda: list(pages),
        "facts": lambda: {**page_costs.facts(), "seconds_to_fill": seconds},
        "time": lambda page: {"ms": page_costs.milliseconds(*pages[page])},
        "work": lambda page: page_costs.work_of(*pages[page]),
        "forget": page_costs.forget_oldest,
    }
    for line in sys.stdin:
        about = json.loads(line)
        sys.stdout.write(json.dumps(answers[about.pop("what")](**about)) + "\n")
        sys.stdout.flush()


def _fill(count: int) -> float | None:
    """Fill an empty database and return the seconds; None if it was filled before."""
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks.growth import page_costs
    from recognizer.models import Drawing
    from recognizer.sample_data import filling

    call_command("migrate", verbosity=0)
    # The names of static files do not matter here, and collecting them is slow.
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = plain
    if Drawing.objects.exists():
        return None
    page_costs.make_versions()
    started = time.monotonic()
    filling.fill(count, processes=os.cpu_count() or 1, progress=_said(count, started))
    return round(time.monotonic() - started, 1)


def _said(count: int, started: float) -> Callable[[int], None]:
    said = 0

    def progress(stored: int) -> None:
        nonlocal said
        if stored - said >= count / 20:
            said = stored
            sys.stderr.write(f"{stored:,} of {count:,}, {time.monotonic() - started:.0f} s\n")

    return progress


if __name__ == "__main__":
    main(int(sys.argv[1]))
