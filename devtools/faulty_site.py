"""A complete site, `manage.py up` with its own PostgreSQL, and ways to break it."""

import contextlib
import os
import re
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from devtools import golden, postgres
from devtools.people import Answer, Crowd, Person
from devtools.running_site import ROOT, UP, RunningUp, environment, processes_with
from ml import pretrained
from ml.data.dataset import Dataset, load_bitmaps, save_bitmaps

SECONDS_FOR_A_RUN = 180
"""Far more than one takes; the rest is for a machine that does other things meanwhile."""

_ON_A_FRACTION_OF_MNIST = """\
# Python reads this at each start: a training takes seconds instead of a minute.
from pathlib import Path
from ml import pretrained
pretrained.REPLAY = Path({replay!r})
pretrained.MNIST_TEST = Path({test!r})
"""


class Site:
    """The site under test."""

    def __init__(self, up: RunningUp, database: postgres.Server, env: dict[str, str]) -> None:
        self.up, self.database, self.env = up, database, env
        self.files = Path(env["VAR_DIR"]) / "files"
        self.crowd = Crowd(up.url)
        self.staff = self.member_of_staff()

    def member_of_staff(self) -> Person:
        """Log the first staff account in, in a new browser."""
        found = re.search(r"user name: admin +password: (\S+)", self.up.output)
        assert found, self.up.output
        person = Person(self.up.url)
        person.log_in("admin", found[1])
        return person

    def pids(self, *words: str) -> list[int]:
        """Return the site's processes whose command line contains all these words."""
        return processes_with(self.env, *words)

    def kill(self, *words: str) -> None:
        """Send SIGKILL to the only process with these words in its command line."""
        (pid,) = self.pids(*words)
        os.kill(pid, signal.SIGKILL)

    def worker(self) -> int:
        """Wait for the worker and return its process id."""
        return wait_for(lambda: self.pids("celery", "worker"), "a worker")[0]

    def training(self) -> int:
        """Wait for the training process and return its id."""
        (pid,) = wait_for(lambda: self.pids("ml", "train", "--progress"), "a training")
        return int(pid)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(statement, values).fetchall()

    def retrain(self) -> int:
        """Click the retraining action and return the new run's id."""
        return run_in(click_retrain(self.staff))

    def run(self, run: int) -> dict[str, Any]:
        answer = self.staff.send("GET", f"api/v1/training-runs/{run}/")
        # While the database is down, the caller has to poll again.
        return answer.json() if answer.status == 200 else {"state": "", "stage": answer.text}

    def wait_for_stage(self, run: int, stage: str, seconds: float = SECONDS_FOR_A_RUN) -> None:
        def reached() -> bool:
            now = self.run(run)
            assert now["state"] in {"queued", "running", ""}, now
            return bool(now["stage"] == stage)

        wait_for(reached, f"stage {stage!r}: {self.run(run)}", seconds)

    def wait_for_step(self, run: int) -> None:
        """Wait until the training has taken a step."""
        wait_for(lambda: self.run(run).get("step"), "a step", SECONDS_FOR_A_RUN)

    def wait_for_end(self, run: int, seconds: float = SECONDS_FOR_A_RUN) -> dict[str, Any]:
        over = {"succeeded", "failed", "cancelled"}
        wait_for(lambda: self.run(run)["state"] in over, "the end of the run", seconds)
        return self.run(run)

    def restart_web(self, how: signal.Signals) -> None:
        """Send each web process the signal `how`, the second once the first is back."""
        for pid in self.pids("mnist_site.server"):
            loaded = self._models_loaded()
            os.kill(pid, how)
            while self._models_loaded() == loaded:
                assert self.up.process.poll() is None, self.up.output
                time.sleep(0.1)

    def _models_loaded(self) -> int:
        """Return how often web processes have logged that they loaded a model."""
        return len(re.findall(r"web\.\d.* answers (?:now|in its place)", self.up.output))

    def web_that_loaded(self, number: int) -> set[str]:
        """Return the web processes that logged that they loaded this version."""
        return set(re.findall(rf"(web\.\d).* Version {number} answers now", self.up.output))

    def page_of(self, run: int) -> str:
        return self.staff.send("GET", f"admin/recognizer/trainingrun/{run}/change/").text

    def reading_version(self) -> int:
        """Return the number of the version that answers now."""
        answer = self.staff.send("POST", "api/v1/predict/", golden.body("7"))
        number: int = answer.json()["model"]["version"]
        return number

    def versions_of(self, run: int) -> int:
        """Return how many versions a run has made."""
        ((count,),) = self.sql(
            "SELECT count(*) FROM recognizer_modelversion WHERE run_id = %s", run
        )
        return int(count)

    def runs_in(self, *states: str) -> list[int]:
        rows = self.sql("SELECT id FROM recognizer_trainingrun WHERE state = ANY(%s)", [*states])
        return [run for (run,) in rows]

    def files_of_runs(self) -> list[Path]:
        return list((Path(self.env["VAR_DIR"]) / "runs").glob("*"))

    def files_stored(self) -> set[str]:
        return {
            str(path.relative_to(self.files)) for path in self.files.rglob("*") if path.is_file()
        }

    def files_of_versions(self) -> set[str]:
        return {
            name
            for names in self.sql(
                "SELECT artifact, weights, web_model FROM recognizer_modelversion"
            )
            for name in names
            if name
        }


def click_retrain(staff: Person) -> Answer:
    return staff.post_form(
        "admin/recognizer/drawing/", action="retrain_on_all_approved", index=0, select_across=0
    )


def run_in(answer: Answer) -> int:
    """Return the id of the run whose page an answer redirects to."""
    found = answer.headers and re.search(
        r"/trainingrun/(\d+)/", answer.headers.get("Location") or ""
    )
    assert found, answer
    return int(found[1])


def wait_for(found: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, f"never came to {what}"
        time.sleep(0.1)
    return result


@contextmanager
def disk_full_for(pid: int, largest_file: int) -> Iterator[None]:
    """Limit the size of files that this process and its children write, in bytes.

    As on a full disk, the write fails with an OSError and leaves half a file.
    """
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest_file, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Start a site with a few labelled drawings to train on."""
    with postgres.server("-c", "synchronous_commit=on") as database:
        env = environment(folder / "var") | {
            "DATABASE_URL": database.url,
            "PYTHONPATH": os.pathsep.join([str(lighten(folder)), str(ROOT)]),
            "RETRAIN_EPOCHS": "1",
            "RETRAIN_STALE_SECONDS": "5",
            **dict.fromkeys(("THROTTLE_PREDICT", "THROTTLE_SAVE", "THROTTLE_API"), "100000/min"),
        }
        up = RunningUp(UP, env)
        try:
            up.wait_for("Ready on")
            site = Site(up, database, env)
            _label_some(site)
            yield site
        finally:
            if up.process.poll() is None:
                up.interrupt()


def lighten(folder: Path) -> Path:
    """Make a folder for PYTHONPATH with which runs replay and evaluate on few images."""
    few = folder / "few"
    few.mkdir()
    paths = {"replay": few / "replay.npz", "test": few / "test.npz"}
    for path, all_of_them, count in (
        (paths["replay"], pretrained.REPLAY, 2000),
        (paths["test"], pretrained.MNIST_TEST, 500),
    ):
        images: Dataset = load_bitmaps(all_of_them).select(np.arange(count))
        save_bitmaps(path, images.images, images.labels, images.writers)
    (few / "sitecustomize.py").write_text(
        _ON_A_FRACTION_OF_MNIST.format(**{name: str(path) for name, path in paths.items()})
    )
    return few


def _label_some(site: Site) -> None:
    """Wait until the crowd has labelled some drawings, and let staff approve the labels."""
    wait_for(lambda: len(site.crowd.labelled) >= 12, "a dozen labelled drawings")
    approved = site.staff.post_form(
        "admin/recognizer/drawing/",
        action="approve_suggestions",
        index=0,
        select_across=1,
        _selected_action=[0],
    )
    assert approved.status == 302, approved
