"""Learn from labelled drawings: freeze the list, supervise the training, register the result.

The training runs in a process of its own, `python -m ml train …`; what is here
starts it, watches it, and writes down how it goes.
"""

import json
import logging
import math
import os
import queue
import secrets
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ml import pretrained
from ml.contract import IMAGE_SIZE, NOT_A_DIGIT, Ink
from ml.dataset import file_sha256, save_bitmaps, save_strokes
from recognizer import promotion
from recognizer.models import Drawing, Label, ModelVersion, TrainingExample, TrainingRun
from recognizer.running.lifetime import die_with_parent

DRAWINGS_SHARE = 0.3
"""At most this share of an epoch are collected drawings; the rest replays older data."""

REPEATS = 20
"""A drawing is seen at most so often in an epoch, however few there are."""

LEARNING_RATE = 1e-4

MOST_ATTEMPTS = 3
"""So many workers may die over a run before it is given up."""

_LOG_LINES, _ERROR_LINES = 400, 40
_SECONDS_BETWEEN_WRITES = 0.5
_SECONDS_TO_END = 5

logger = logging.getLogger(__name__)

shutting_down = threading.Event()
"""Set when this worker is told to end: a run under way goes back into the queue."""


class RetrainingError(ValueError):
    """A retraining cannot be started; the message says why."""


class TrainingFailedError(RuntimeError):
    """The training process ended without a result; the message says why."""


class RunLostError(RuntimeError):
    """The run was cancelled, or another worker has it now."""


def request_run(drawings: QuerySet[Drawing], *, by: AbstractBaseUser | None) -> TrainingRun:
    """Make a queued run from the approved drawings among these, frozen with their labels.

    Raises:
        RetrainingError: none of them has an approved label the model can learn,
            or no version is active to start from.
    """
    base = ModelVersion.objects.active()
    if base is None:
        raise RetrainingError("No model version is active to start from.")
    labels = Label.objects.approved().filter(drawing__in=drawings, value__in=base.classes)
    with transaction.atomic():
        run = TrainingRun.objects.create(
            requested_by_id=by.pk if by else None,
            base_version=base,
            epochs=settings.RETRAIN_EPOCHS,
            parameters={
                "epochs": settings.RETRAIN_EPOCHS,
                "learning_rate": LEARNING_RATE,
                "drawings_share": DRAWINGS_SHARE,
                "repeats": REPEATS,
            },
        )
        examples = TrainingExample.objects.bulk_create(
            [
                TrainingExample(run=run, drawing_id=drawing, value=value)
                for drawing, value in labels.order_by("drawing").values_list("drawing", "value")
            ],
            batch_size=1000,
        )
        if not examples:
            raise RetrainingError("None of these drawings has an approved label to learn from.")
    return run


def execute(run_pk: int) -> bool:
    """Claim a queued run and see it through; False if another worker has it.

    Whatever happens, the run ends up succeeded, failed, cancelled or back in
    the queue.
    """
    token = secrets.token_hex(16)
    if not TrainingRun.objects.claim(run_pk, token):
        return False
    run = TrainingRun.objects.select_related("base_version").get(pk=run_pk)
    try:
        with TemporaryDirectory(prefix=f"run-{run.pk}-") as name:
            _Supervisor(run, token, Path(name)).run_to_the_end()
    except RunLostError as lost:
        logger.warning("Run %d: %s", run_pk, lost)
    except Exception as error:
        logger.exception("Run %d failed.", run_pk)
        reason = str(error) or repr(error)
        _end(run_pk, token, state=TrainingRun.State.FAILED, stage="", error=reason)
    return True


def waiting_runs() -> list[int]:
    """Queued runs, after those whose worker has died were put back into the queue.

    A run that has cost `MOST_ATTEMPTS` workers their life is failed.
    """
    for run in TrainingRun.objects.stale():
        if run.attempts >= MOST_ATTEMPTS:
            _end(
                run.pk,
                run.claim_token,
                state=TrainingRun.State.FAILED,
                stage="",
                error=f"Its worker died {run.attempts} times; see the worker's log.",
            )
            continue
        requeued = TrainingRun.objects.stale().filter(pk=run.pk, claim_token=run.claim_token)
        if requeued.update(state=TrainingRun.State.QUEUED, stage="its worker died; queued again"):
            logger.warning("Run %d: its worker gave no sign of life; queued again.", run.pk)
    queued = TrainingRun.objects.filter(state=TrainingRun.State.QUEUED).order_by("pk")
    return list(queued.values_list("pk", flat=True))


def _end(run_pk: int, token: str, **fields: Any) -> bool:
    mine = TrainingRun.objects.filter(pk=run_pk, claim_token=token, state=TrainingRun.State.RUNNING)
    return mine.update(finished_at=timezone.now(), **fields) == 1


class _Supervisor:
    """One attempt at one run."""

    def __init__(self, run: TrainingRun, token: str, folder: Path) -> None:
        self._run, self._token, self._folder = run, token, folder
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._errors: deque[str] = deque(maxlen=_ERROR_LINES)
        self._fields: dict[str, Any] = {"history": []}
        self._heard_at = self._written_at = time.monotonic()

    def run_to_the_end(self) -> None:
        command = self._command()
        self._write(stage="starting")
        process = _start(command)
        try:
            self._watch(process)
        finally:
            _stop(process)
        if process.returncode != 0:
            self._log.extend(self._errors)
            self._write()
            reason = self._errors[-1] if self._errors else "it gave no reason"
            raise TrainingFailedError(
                f"The training process ended with code {process.returncode}: {reason}"
            )
        self._register()

    def _command(self) -> list[str]:
        base, output = self._run.base_version, self._folder / "result"
        weights = self._folder / pretrained.WEIGHTS.name
        with base.weights.open("rb") as stored:
            weights.write_bytes(stored.read())
        if file_sha256(weights) != base.weights_sha256:
            raise TrainingFailedError(f"The stored weights of {base} have a wrong SHA-256.")
        sets = write_examples(self._run, self._folder, sign_of_life=self._write)
        parameters = self._run.parameters
        return [
            *("nice", sys.executable, "-m", "ml", "train", "--progress", "json"),
            *("--output", str(output), "--initial", str(weights)),
            *("--replay", str(pretrained.REPLAY)),
            *("--sets-share", str(parameters["drawings_share"])),
            *("--sets-repeats", str(parameters["repeats"])),
            *("--architecture", base.architecture, "--classes", "".join(base.symbols)),
            *(["--not-a-digit"] if NOT_A_DIGIT in base.classes else []),
            # The base was calibrated on far more validation images than there are here.
            *("--reject-above", str(base.reject_above)),
            *("--epochs", str(parameters["epochs"])),
            *("--learning-rate", str(parameters["learning_rate"])),
            *("--threads", str(settings.RETRAIN_THREADS)),
            *(part for path in sets for part in ("--set", str(path))),
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
                raise TrainingFailedError(
                    f"The training process said nothing for {settings.RETRAIN_SILENCE_SECONDS} s."
                )
        for reader in readers:
            reader.join(_SECONDS_TO_END)
        self._take(lines)
        self._write()

    def _back_into_the_queue(self) -> None:
        mine = TrainingRun.objects.filter(pk=self._run.pk, claim_token=self._token)
        mine.filter(state=TrainingRun.State.RUNNING).update(
            state=TrainingRun.State.QUEUED, stage="the worker was stopped; queued again"
        )
        raise RunLostError("the worker was stopped; the run is queued again.")

    def _take(self, lines: "queue.SimpleQueue[str]") -> None:
        while not lines.empty():
            line = lines.get()
            self._heard_at = time.monotonic()
            event = _event(line)
            if event is None:
                self._log.append(line)
            else:
                self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        kind = event.pop("event")
        # A diverged training says NaN, which no JSON column takes.
        event = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in event.items()
        }
        if kind == "stage":
            self._fields["stage"] = str(event["stage"])[:64]
            self._log.append(f"{timezone.now():%H:%M:%S} {event['stage']}")
        elif kind in {"step", "epoch"}:
            self._fields |= {
                name: event[name]
                for name in ("epoch", "epochs", "step", "steps", "loss", "accuracy")
                if name in event
            }
        if kind == "epoch":
            self._fields["history"] = [*self._fields["history"], event]
            self._log.append(
                f"{timezone.now():%H:%M:%S} epoch {event['epoch']}/{event['epochs']}:"
                f" loss {_figure(event['loss'], '.4f')},"
                f" accuracy {_figure(event['accuracy'], '.2%')},"
                f" validation {_figure(event['val_accuracy'], '.2%')}"
            )

    def _write_if_possible(self) -> None:
        """Store how far it is; a database that is away for a moment costs no training."""
        try:
            self._write()
        except (OperationalError, InterfaceError) as error:
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
        mine = TrainingRun.objects.filter(
            pk=self._run.pk, claim_token=self._token, state=TrainingRun.State.RUNNING
        )
        log = "\n".join(self._log)
        if not mine.update(heartbeat_at=timezone.now(), log=log, **self._fields):
            raise RunLostError("cancelled, or taken over by another worker.")

    def _register(self) -> None:
        self._write(stage="registering")
        for attempt in (1, 2, 3):
            try:
                with transaction.atomic():
                    version = promotion.register(self._folder / "result", run=self._run)
                    if not _end(
                        self._run.pk,
                        self._token,
                        state=TrainingRun.State.SUCCEEDED,
                        stage=f"made version {version.number}",
                    ):
                        version.artifact.delete(save=False)
                        version.weights.delete(save=False)
                        raise RunLostError("cancelled while it was registered.")
            except IntegrityError:
                if attempt == 3:
                    raise
                continue  # another run took the same number in the same moment
            return


def write_examples(
    run: TrainingRun, folder: Path, sign_of_life: Callable[[], None] = lambda: None
) -> list[Path]:
    """A run's frozen drawings as files for `python -m ml train`."""
    examples = run.examples.select_related("drawing").order_by("pk")
    inks: list[tuple[Ink, str, str]] = []
    bitmaps: list[tuple[bytes, str, str]] = []
    for index, example in enumerate(examples.iterator(chunk_size=500)):
        if index % 500 == 0:
            sign_of_life()
        drawing = example.drawing
        owner = str(drawing.user_id or drawing.visitor)
        drawn = drawing.drawn()
        if isinstance(drawn, Ink):
            inks.append((drawn, example.value, owner))
        else:
            bitmaps.append((bytes(drawing.bitmap), example.value, owner))
    written = []
    if inks:
        written.append(folder / "drawn.npz")
        drawn_inks, labels, owners = (list(column) for column in zip(*inks, strict=True))
        save_strokes(written[-1], drawn_inks, labels, owners)
    if bitmaps:
        written.append(folder / "pictures.npz")
        raw, labels, owners = (list(column) for column in zip(*bitmaps, strict=True))
        images = np.frombuffer(b"".join(raw), np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
        save_bitmaps(written[-1], images, np.array(labels, "U16"), np.array(owners, "U64"))
    if not written:
        raise TrainingFailedError("Every drawing of this run has been deleted.")
    return written


def _start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603  our own interpreter and arguments
        command,
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
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
