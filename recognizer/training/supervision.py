"""One training process: started, watched, and its result registered.

The training runs in a process of its own, `python -m ml train …`, that ends with the
worker; what is here writes down how it goes.
"""

import contextlib
import json
import logging
import math
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection, transaction
from django.utils import timezone

from ml import pretrained
from ml.data.dataset import DatasetError
from ml.plan import write_plan
from ml.reading.inference import ArtifactError, load_trained
from recognizer.backing.outages import AWAY, outlast
from recognizer.language.run_messages import in_english
from recognizer.language.stored_messages import message
from recognizer.models import TrainingRun
from recognizer.monitoring import request_ids
from recognizer.registry import artifacts, gate, promotion
from recognizer.running.lifetime import die_with_parent
from recognizer.training.examples import write_examples
from recognizer.training.plans import plan_of

_LOG_LINES, _ERROR_LINES = 400, 40
_SECONDS_BETWEEN_WRITES = 0.5
_SECONDS_TO_END = 5

_T = TypeVar("_T")

logger = logging.getLogger(__name__)

shutting_down = threading.Event()
"""Set when this worker is told to end: a run under way goes back into the queue."""


class TrainingFailedError(RuntimeError):
    """The training process ended without a result; its text is a stored message."""


class RunLostError(RuntimeError):
    """The run was cancelled, or another worker has it now."""


class RunAttempt:
    """One attempt at one run."""

    def __init__(self, run: TrainingRun, token: str, folder: Path) -> None:
        self._run, self._token, self._folder = run, token, folder
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._errors: deque[str] = deque(maxlen=_ERROR_LINES)
        self._fields: dict[str, Any] = {"history": []}
        self._heard_at = self._written_at = time.monotonic()
        if identity := request_ids.current.get():
            self._log.append(f"{timezone.now():%H:%M:%S} request {identity}")

    def run_to_the_end(self) -> None:
        command = self._prepare()
        self._write(stage=message("starting"))
        process = _start(command, self._folder)
        try:
            self._watch(process)
        finally:
            _stop(process)
        if process.returncode != 0:
            self._log.extend(self._errors)
            self._write()
            raise TrainingFailedError(
                message("ended", status=process.returncode, why=self._reason())
            )
        comparison = self._compare()
        self._register(comparison)

    def _reason(self) -> str:
        """Its own words, else the last ones of a library: these have more to say at an end."""
        own = [line for line in self._errors if line.startswith("python -m ml ")]
        return (own or [*self._errors] or [message("no_reason")])[-1]

    def _prepare(self) -> list[str]:
        try:
            return self._outlast(self._command)
        except (ArtifactError, OSError) as error:
            raise TrainingFailedError(message("not_prepared", why=error)) from error

    def _command(self) -> list[str]:
        self._write_now()  # before each try: a storage that is away is waited for
        base, output = self._run.base_version, self._folder / "result"
        weights = self._folder / pretrained.WEIGHTS.name
        what = f"The file with the weights of version {base.number}"
        weights.write_bytes(artifacts.load(base.weights.name, base.weights_sha256, what))
        sets = write_examples(self._run, self._folder, sign_of_life=self._write)
        plan = plan_of(self._run, initial=weights, sets=sets)
        write_plan(plan, self._folder / "plan.json")
        return [
            *("nice", sys.executable, "-m", "ml", "train", "--progress", "json"),
            *("--plan", str(self._folder / "plan.json"), "--output", str(output)),
            *("--threads", str(settings.RETRAIN_THREADS)),
        ]

    def _watch(self, process: "subprocess.Popen[str]") -> None:
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        readers = [
            # stderr is mostly TensorFlow's chatter; it is shown if the training fails.
            threading.Thread(target=_read_lines, args=(process.stderr, self._errors.append)),
            threading.Thread(target=_read_lines, args=(process.stdout, lines.put)),
        ]
        for reader in readers:
            reader.start()
        while process.poll() is None:
            if shutting_down.wait(_SECONDS_BETWEEN_WRITES):
                self._back_into_the_queue()
            self._take(lines)
            self._write_if_possible()
            if time.monotonic() - self._heard_at > settings.RETRAIN_SILENCE_SECONDS:
                seconds = settings.RETRAIN_SILENCE_SECONDS
                raise TrainingFailedError(message("silent", seconds=seconds))
        for reader in readers:
            reader.join(_SECONDS_TO_END)
        self._take(lines)
        self._write()

    def _back_into_the_queue(self) -> None:
        TrainingRun.objects.all().claimed_by(self._run.pk, self._token).update(
            state=TrainingRun.State.QUEUED, stage=message("worker_stopped")
        )
        raise RunLostError("the worker was stopped; the run is queued again.")

    def _take(self, lines: "queue.SimpleQueue[str]") -> None:
        while not lines.empty():
            line = lines.get()
            self._heard_at = time.monotonic()
            event = _event(line)
            if event is None:
                self._say(line)
            else:
                self._note(event)

    def _say(self, line: str) -> None:
        """Into the run's own log, and the worker's."""
        self._log.append(line)
        logger.info("Run %d: %s", self._run.pk, line)

    def _note(self, event: dict[str, Any]) -> None:
        kind = event.pop("event")
        # A diverged training says NaN, which no JSON column takes.
        event = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in event.items()
        }
        if kind == "stage":
            stage = message(str(event.pop("stage")), **event)
            self._fields["stage"] = stage[:64]
            self._say(f"{timezone.now():%H:%M:%S} {in_english(stage)}")
        elif kind in {"step", "epoch"}:
            self._fields |= {
                name: event[name]
                for name in ("epoch", "epochs", "step", "steps", "loss", "accuracy")
                if name in event
            }
        if kind == "epoch":
            self._fields["history"] = [*self._fields["history"], event]
            # Not every step is told, and the last one seldom.
            self._fields["step"] = self._fields.get("steps", 0)
            self._say(
                f"{timezone.now():%H:%M:%S} epoch {event['epoch']}/{event['epochs']}:"
                f" loss {_figure(event['loss'], '.4f')},"
                f" accuracy {_figure(event['accuracy'], '.2%')},"
                f" validation {_figure(event['val_accuracy'], '.2%')}"
            )

    def _write_if_possible(self) -> None:
        """Store how far it is; a database that is away for a moment costs no training."""
        try:
            self._write_now()
        except AWAY as error:
            if time.monotonic() - self._written_at > settings.RETRAIN_STALE_SECONDS:
                raise
            logger.warning("Run %d: the database is away (%s).", self._run.pk, error)
            connection.close()
        else:
            self._written_at = time.monotonic()

    def _write(self, **fields: Any) -> None:
        """Store how far it is, as a sign of life too.

        Raises:
            RunLostError: the run is not this worker's any more.
        """
        self._fields |= fields
        self._outlast(self._write_now)

    def _outlast(self, act: Callable[[], _T]) -> _T:
        """A database that is away for a moment costs nothing; for longer, the run is not ours."""
        return outlast(act, seconds=settings.RETRAIN_STALE_SECONDS)

    def _write_now(self) -> None:
        mine = TrainingRun.objects.all().claimed_by(self._run.pk, self._token)
        log = "\n".join(self._log)
        if not mine.update(heartbeat_at=timezone.now(), log=log, **self._fields):
            raise RunLostError("cancelled, taken over by another worker, or over.")

    def _compare(self) -> gate.Comparison | None:
        """Compare the result with the active version, before it becomes a version itself.

        So a worker that dies here leaves no version without a verdict: the run is taken
        up again. None if they cannot be compared; the version can be evaluated later.
        """
        self._write(stage=message("comparing"))
        try:
            candidate = load_trained(self._folder / "result" / pretrained.ARTIFACT.name)
            return self._outlast(lambda: gate.compare(candidate, self._run, self._go_on))
        except (gate.GateError, ArtifactError, DatasetError, OSError) as error:
            logger.exception("Run %d: its result could not be evaluated.", self._run.pk)
            self._log.append(f"{timezone.now():%H:%M:%S} could not be evaluated: {error}")
            return None

    def _go_on(self) -> None:
        if shutting_down.is_set():
            self._back_into_the_queue()
        self._write_if_possible()

    def _register(self, comparison: gate.Comparison | None) -> None:
        self._write(stage=message("registering"))
        try:
            self._outlast(lambda: self._register_now(comparison))
        except OSError as error:
            raise TrainingFailedError(message("not_stored", why=error)) from error

    def _register_now(self, comparison: gate.Comparison | None) -> None:
        self._write_now()
        made = "made" if comparison else "made_not_evaluated"
        try:
            with transaction.atomic():
                # Locks the row: who cancels now waits. Where a COMMIT went through whose answer
                # got lost with the database, the run is over, and this raises.
                self._write_now()
                version = promotion.register(self._folder / "result", run=self._run)
                TrainingRun.objects.all().end(
                    self._run.pk,
                    self._token,
                    state=TrainingRun.State.SUCCEEDED,
                    stage=message(made, number=version.number),
                )
                if comparison is not None:
                    gate.conclude(version, comparison)
        except BaseException:
            # Without a database, or a storage, it is left to the next registering.
            with contextlib.suppress(AnyDatabaseError, OSError):
                promotion.remove_leftovers()
            raise


def _start(command: list[str], folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603  our own interpreter and arguments
        command,
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "CUDA_VISIBLE_DEVICES": "-1",
            # What it would leave in /tmp if it is killed goes with the folder.
            "TMPDIR": str(folder),
        },
        preexec_fn=die_with_parent(),  # noqa: PLW1509  a system call, no locks
        start_new_session=True,
    )


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read_lines(stream: IO[str], keep: Callable[[str], None]) -> None:
    for line in stream:
        if line.strip():
            keep(line.rstrip("\n"))


def _figure(value: float | None, form: str) -> str:
    return "not a number" if value is None else format(value, form)


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"event"'):
        return None
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return event
