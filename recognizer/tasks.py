"""Celery tasks, which take and return ids. The rows are the jobs; a message wakes a worker."""

import logging
from typing import Any

from celery import Task, shared_task
from celery.signals import (
    before_task_publish,
    task_postrun,
    task_prerun,
    worker_ready,
    worker_shutting_down,
)
from kombu.exceptions import OperationalError

from recognizer.drawings import recognition
from recognizer.models import ModelVersion, TrainingRun
from recognizer.monitoring import request_ids
from recognizer.registry import active_model, gate
from recognizer.training import retraining, supervision

READ_AT_ONCE = 1000
"""A few seconds of work, so that a waiting training is not delayed."""

logger = logging.getLogger(__name__)


@shared_task
def execute_run(run_pk: int) -> int:
    retraining.execute(run_pk)
    return run_pk


@shared_task
def take_up_waiting_runs() -> list[int]:
    """Wake a worker for every waiting run, in case the broker was down or a worker died."""
    runs = retraining.waiting_runs()
    for run_pk in runs:
        execute_run.delay(run_pk)
    return runs


@shared_task
def read_labelled_again() -> int:
    """After a promotion, predict some labelled drawings with the new version."""
    try:
        return recognition.read_labelled_again(READ_AT_ONCE)
    except active_model.NoActiveModelError:
        return 0


def hand_over(run: TrainingRun) -> bool:
    """Wake a worker for a queued run; False if the broker cannot be reached.

    In that case the run waits in the database until `take_up_waiting_runs` finds it.
    """
    try:
        execute_run.delay(run.pk)
    except (OperationalError, OSError) as error:
        logger.warning("Run %d waits: the broker cannot be reached (%s).", run.pk, error)
        return False
    return True


@shared_task(name="recognizer.tasks.judge_version")  # the name in earlier releases
def evaluate_version(version_pk: int) -> int:
    """Compare a version with the active one; its page shows the verdict."""
    try:
        gate.evaluate(ModelVersion.objects.get(pk=version_pk))
    except gate.GateError as error:
        logger.warning("Not evaluated: %s", error)
    return version_pk


def hand_over_evaluation(version: ModelVersion) -> bool:
    """Ask a worker to evaluate a version; False if the broker cannot be reached."""
    try:
        evaluate_version.delay(version.pk)
    except (OperationalError, OSError) as error:
        logger.warning("%s is not evaluated: the broker cannot be reached (%s).", version, error)
        return False
    return True


@before_task_publish.connect
def _send_request_id(headers: dict[str, Any], **_: Any) -> None:
    if identity := request_ids.current.get():
        headers["request_id"] = identity


@task_prerun.connect
def _take_request_id(task: "Task[Any, Any]", task_id: str, **_: Any) -> None:
    """Log under the id of the request that sent the task, or under the task's own id."""
    request_ids.current.set(getattr(task.request, "request_id", None) or task_id)


@task_postrun.connect
def _drop_request_id(**_: Any) -> None:
    request_ids.current.set("")


@worker_ready.connect
def _take_up_at_start(**_: Any) -> None:
    take_up_waiting_runs.delay()


@worker_shutting_down.connect
def _end_trainings(**_: Any) -> None:
    supervision.shutting_down.set()
