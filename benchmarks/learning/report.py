"""`make learning-report`: does the site get better from its users' corrections?

Starts the whole site in a separate folder. A group of writers whose 1 and 9 are misread draw and
correct over HTTP, and staff approve, retrain and promote in the admin. Then the report measures
predictions for others of the group. It also times a retraining on 1,000 drawings, and promotes two
versions in turn under load. See `group` for the choice of writers.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

from benchmarks.common.figures import publish, write
from benchmarks.learning import group as groups
from benchmarks.learning import habits
from benchmarks.learning.group import Group, Handwriting
from benchmarks.learning.promotions import promote_under_load
from benchmarks.learning.table import in_words, is_reached
from devtools.report_site import Site, SiteError, Staff, Visitor, body_of, environment
from ml import pretrained
from ml.contract import Drawn
from ml.data.dataset import DatasetError, file_sha256
from ml.reading.inference import load_trained

CORRECTIONS, MOST_DRAWN = 300, 1_200
"""So many drawings are corrected; at most so many are drawn until that many were misread."""

TIMED_DRAWINGS, KEPT_FOR_JUDGING = 1_000, 0.23
"""A timed retraining learns from so many; a fifth of what is drawn is kept, give or take luck."""

MOST_EVALUATED = 1_000
PROMOTIONS = 30
CORES = 2
SECONDS_TO_TRAIN = 1_800

started = time.monotonic()


def say(text: str) -> None:
    """Print a progress line with the time since the start."""
    seconds = int(time.monotonic() - started)
    sys.stderr.write(f"{seconds // 60:2}:{seconds % 60:02}  {text}\n")
    sys.stderr.flush()


@dataclass
class People:
    """People who draw on the site, each with their own browser."""

    port: int
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def draw(self, drawn: Drawn, label: str, writer: str, *, confirm: bool = False) -> bool:
        """Draw, correct a wrong prediction, and return whether it was wrong.

        Args:
            confirm: label the drawing even if the prediction is right.
        """
        visitor = self._visitors.setdefault(writer, Visitor(self.port))
        stored = visitor.api("POST", "drawings/", body_of(drawn))
        wrong: bool = stored["prediction"]["text"] != label
        if wrong or confirm:
            visitor.api("PATCH", f"drawings/{stored['id']}/", {"label": label})
        return wrong

    def close(self) -> None:
        for visitor in self._visitors.values():
            visitor.close()


def correct(people: People, learn: Handwriting) -> dict[str, int]:
    """Draw until CORRECTIONS drawings were misread and corrected.

    If the model misreads too few, the last drawings are labelled although they were read correctly.
    """
    rows = list(zip(groups.on_canvas(learn.drawn), learn.labels, learn.writers, strict=True))
    rows = rows[:MOST_DRAWN]
    counts = {"drawn": 0, "corrected": 0, "confirmed": 0}
    for index, (drawn, label, writer) in enumerate(rows):
        missing = CORRECTIONS - counts["corrected"] - counts["confirmed"]
        if not missing:
            break
        confirm = len(rows) - index <= missing
        wrong = people.draw(drawn, str(label), str(writer), confirm=confirm)
        counts["drawn"] += 1
        counts["corrected"] += wrong
        counts["confirmed"] += confirm and not wrong
    return counts


def misread_over_http(port: int, handwriting: Handwriting) -> list[bool]:
    """Return whether each drawing's prediction is wrong or refused."""
    rows = list(zip(groups.on_canvas(handwriting.drawn), handwriting.labels, strict=True))

    def ask(part: list[tuple[Drawn, Any]]) -> list[bool]:
        with closing(Visitor(port)) as visitor:
            answers = (visitor.api("POST", "predict/", body_of(drawn)) for drawn, _ in part)
            return [
                answer["text"] != str(label)
                for answer, (_, label) in zip(answers, part, strict=True)
            ]

    quarter = -(-len(rows) // 4) or 1
    parts = [rows[start : start + quarter] for start in range(0, len(rows), quarter)]
    with ThreadPoolExecutor(4) as pool:
        return [wrong for part in pool.map(ask, parts) for wrong in part]


def retrain(site: Site, staff: Staff) -> dict[str, Any]:
    """Start a retraining in the admin, wait for its version, and return how it went."""
    staff.act_on_all_drawings("approve_suggestions")
    cpu_before, clicked_at = site.cpu_seconds_of_worker(), time.monotonic()
    page = staff.act_on_all_drawings("retrain_on_all_approved")
    number = page.rstrip("/").split("/")[-2]
    stage = ""
    while True:
        run = staff.api("GET", f"training-runs/{number}/")
        seconds = time.monotonic() - clicked_at
        if (now := f"{run['stage']} {run['epoch'] or ''}") != stage:
            stage = now
            say(f"  run {number}: {run['state']}, {stage}")
        if run["state"] == "succeeded":
            break
        if run["state"] not in {"queued", "running"} or seconds > SECONDS_TO_TRAIN:
            raise SiteError(f"Run {number} {run['state']}: {run['error'] or run['log'][-2000:]}")
        time.sleep(0.2)
    cpu_after = site.cpu_seconds_of_worker()
    return {
        "run": int(number),
        "version": int(run["version"]),
        "seconds": round(seconds, 1),
        "cpu_seconds": _between(cpu_before, cpu_after),
    }


def _between(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, 1)


def promote(staff: Staff, number: int) -> int:
    """Promote a version in the admin, overriding its verdict if needed; return its number."""
    from benchmarks.learning import records

    page = f"/admin/recognizer/modelversion/{records.made(number).key}/promote/"
    staff.post(page, reason="To be measured.", override="on")
    if staff.api("GET", f"models/{number}/")["state"] != "active":
        raise SiteError(f"Version {number} was promoted, but is not active.")
    return number


def wait_until_it_answers(port: int, version: int, drawn: Drawn) -> None:
    with closing(Visitor(port)) as visitor:
        for _ in range(100):
            # Four requests in a row nearly always reach both web processes.
            answers = [visitor.api("POST", "predict/", body_of(drawn)) for _ in range(4)]
            if all(answer["model"]["version"] == version for answer in answers):
                return
            time.sleep(0.1)
    raise SiteError(f"Version {version} does not answer.")


def draw_more(people: People, group: Group, wanted: int) -> None:
    """Draw other digits of the same people, then synthetic ones, and correct errors."""
    rng = np.random.default_rng(groups.SEED)
    further = groups.synthetic(rng, groups.SYNTHETIC_WRITERS, -(-wanted // 200))
    for part in (group.learn_others, further):
        rows = zip(groups.on_canvas(part.drawn), part.labels, part.writers, strict=True)
        for drawn, label, writer in list(rows)[:wanted]:
            people.draw(drawn, str(label), str(writer))
        wanted -= min(wanted, len(part))


def measure(site: Site, group: Group) -> dict[str, Any]:
    """Run all stages in order."""
    from benchmarks.learning import records

    test, others = first(group.test), first(group.test_others)
    staff = site.staff()
    shipped = max(model["version"] for model in staff.api("GET", "models/")["results"])
    with ExitStack() as at_the_end:
        people = People(site.port)
        at_the_end.callback(people.close)
        at_the_end.callback(staff.close)
        say(f"asking how {len(test):,} drawings of 1 and 9 and {len(others):,} others are read")
        before, others_before = (misread_over_http(site.port, part) for part in (test, others))
        say(f"  misread: {share(before):.2%} of 1 and 9, {share(others_before):.2%} of the others")
        say(f"drawing until {CORRECTIONS} are corrected")
        counts = correct(people, group.learn)
        say(f"  {counts['corrected']} of {counts['drawn']:,} corrected; retraining")
        learned = retrain(site, staff)
        candidate = records.made(learned["version"])
        say(f"  {candidate.reason}")
        promote(staff, learned["version"])
        wait_until_it_answers(site.port, learned["version"], groups.on_canvas(test.drawn)[0])
        say("asking the same again")
        after, others_after = (misread_over_http(site.port, part) for part in (test, others))
        say(f"  misread: {share(after):.2%} of 1 and 9, {share(others_after):.2%} of the others")
        wanted = round(TIMED_DRAWINGS / (1 - KEPT_FOR_JUDGING))
        say(f"drawing until {wanted:,} are stored; retraining on them")
        draw_more(people, group, max(0, wanted - counts["drawn"]))
        say("  approving what was read rightly")
        staff.act_on_all_drawings("approve_readings")
        timed = retrain(site, staff)
        say(f"  {timed['seconds']:.0f} s; {records.made(timed['version']).reason}")
        say(f"{PROMOTIONS} promotions under load")
        bodies = [json.dumps(body_of(drawn)) for drawn in groups.on_canvas(test.drawn[:100])]
        turns = [shipped, learned["version"]] * (PROMOTIONS // 2)
        under_load = promote_under_load(
            site.port, bodies, [partial(promote, staff, number) for number in turns]
        )
    return {
        "seconds": timed["seconds"],
        "error_before": share(before),
        "error_after": share(after),
        "mnist_before": records.made(shipped).mnist,
        "mnist_after": candidate.mnist,
        **under_load,
        "group": group.description,
        **counts,
        "learned_from": candidate.learned_from,
        "writers_learned_from": len(set(group.learn.writers.tolist())),
        "evaluated": len(test),
        "writers_evaluated": len(set(test.writers.tolist())),
        "by_digit": {
            digit: [share(np.array(wrong)[test.labels == digit]) for wrong in (before, after)]
            for digit in habits.DIGITS
        },
        "other_digits": [share(others_before), share(others_after)],
        "verdict": candidate.reason,
        "compared": candidate.compared,
        "passed": candidate.passed,
        "seconds_of_the_first": learned["seconds"],
        "timed_on": records.made(timed["version"]).learned_from,
        "timed_verdict": records.made(timed["version"]).reason,
        "cpu_seconds": timed["cpu_seconds"],
        "cores": cores(),
        "architecture": candidate.architecture,
        "shipped_sha256": file_sha256(pretrained.ARTIFACT),
    }


def share(wrong: Sequence[bool] | NDArray[np.bool_]) -> float | None:
    """Return the share of wrong predictions; None if there are none."""
    return round(float(np.mean(wrong)), 5) if len(wrong) else None


def first(handwriting: Handwriting) -> Handwriting:
    """Return up to MOST_EVALUATED of the drawings, which are in random order."""
    return handwriting.select(np.arange(len(handwriting)) < MOST_EVALUATED)


def cores() -> int:
    """Return how many cores this process, and so the site, may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def keep_to(number: int) -> None:
    """Use `number` cores, so that times are comparable between machines; only on Linux."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:number])


def main(argv: list[str] | None = None) -> int:
    """Measure, print the table and write the figures; return 1 on failure or a missed aim."""
    parser = argparse.ArgumentParser(prog="make learning-report", description=__doc__)
    parser.add_argument(
        "--set", type=Path, help="NPZ set (see ml/data/dataset.py); default: synthetic"
    )
    parser.add_argument("--output", type=Path, default=Path("reports/learning.json"))
    parser.add_argument("--cores", type=int, default=CORES, help="default: %(default)s")
    arguments = parser.parse_args(argv)
    keep_to(arguments.cores)
    try:
        say(f"reading {arguments.set or 'synthetic handwriting'}")
        handwriting = groups.load(arguments.set)
        group = groups.form(handwriting, load_trained(pretrained.ARTIFACT))
        say(f"the group, {group.description}")
        with TemporaryDirectory(prefix="learning-report-") as name:
            figures = in_a_site_of_its_own(Path(name), group)
    except (DatasetError, SiteError, OSError) as error:
        sys.stderr.write(f"learning-report: {error}\n")
        return 1
    figures |= {"set": arguments.set.name if arguments.set else None}
    write(figures, arguments.output)
    sys.stdout.write(f"{in_words(figures)}\n")
    publish("learning-report", in_words(figures))
    say(f"{arguments.output} is written")
    return 0 if is_reached(figures) else 1


def in_a_site_of_its_own(folder: Path, group: Group) -> dict[str, Any]:
    """Start a separate site, measure, and stop it."""
    env = environment(folder)
    # This process reads the site's database.
    os.environ.update(env)
    django.setup()
    say("starting the site")
    site = Site(env)
    try:
        return measure(site, group)
    finally:
        site.stop()
