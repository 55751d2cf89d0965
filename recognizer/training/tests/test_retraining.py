import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from devtools import golden
from devtools.live_database import database_url
from ml import pretrained
from ml.contract import NOT_A_DIGIT
from recognizer.language.run_messages import in_words
from recognizer.language.stored_messages import message
from recognizer.models import Drawing, Label, ModelVersion, TrainingRun
from recognizer.monitoring import request_ids
from recognizer.tests.factories import make_drawing, make_label, make_picture
from recognizer.training import retraining, supervision
from recognizer.training.examples import write_examples
from recognizer.training.run_folders import run_folder

pytestmark = pytest.mark.django_db


def labelled(value: str = "7", state: str = "approved", **options: Any) -> Drawing:
    drawing = make_drawing(**options)
    make_label(drawing, value=value, state=state)
    return drawing


def queued_run() -> TrainingRun:
    labelled()
    return retraining.request_run(Drawing.objects.all(), by=None)


@pytest.mark.usefixtures("shipped_model")
def test_a_run_freezes_the_approved_labels_and_nothing_else() -> None:
    seven, one = labelled("7"), labelled("1")
    labelled("2", state="suggested")
    labelled("3", state="refused")
    labelled("K")
    make_drawing()
    staff = User.objects.create_user("grace")
    run = retraining.request_run(Drawing.objects.all(), by=staff)
    assert (run.state, run.requested_by, run.base_version.number) == ("queued", staff, 1)
    Label.objects.filter(drawing=seven).update(value="9")
    assert dict(run.examples.values_list("drawing", "value")) == {seven.pk: "7", one.pk: "1"}


def test_what_is_no_digit_is_learned_by_a_version_that_has_that_class(
    shipped_model: ModelVersion,
) -> None:
    scribble = labelled(NOT_A_DIGIT)
    shipped_model.classes = [*shipped_model.symbols, NOT_A_DIGIT]
    shipped_model.save()
    run = retraining.request_run(Drawing.objects.all(), by=None)
    assert run.examples.get().drawing == scribble


@pytest.mark.usefixtures("shipped_model")
def test_only_the_drawings_that_were_chosen_are_learned_from() -> None:
    chosen, _ = labelled(), labelled()
    run = retraining.request_run(Drawing.objects.filter(pk=chosen.pk), by=None)
    assert list(run.drawings.all()) == [chosen]


@pytest.mark.usefixtures("shipped_model")
def test_without_an_approved_label_there_is_no_run() -> None:
    labelled(state="suggested")
    with pytest.raises(retraining.RetrainingError, match="approved label"):
        retraining.request_run(Drawing.objects.all(), by=None)
    assert not TrainingRun.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shipped_model")
def test_two_staff_who_click_at_once_get_one_run() -> None:
    labelled()
    with ThreadPoolExecutor(4) as staff:
        outcomes = sorted(staff.map(_ask_for_a_run, range(4)))
    assert outcomes[-1] == "asked"
    assert len(outcomes) == 4
    assert all("is already training on the same drawings" in told for told in outcomes[:-1])
    run = TrainingRun.objects.get()
    assert run.state == "queued"


def _ask_for_a_run(_: int) -> str:
    from django.db import connection

    try:
        retraining.request_run(Drawing.objects.all(), by=None)
    except retraining.RetrainingError as error:
        return str(error)
    finally:
        connection.close()
    return "asked"


@pytest.mark.usefixtures("shipped_model")
def test_a_run_that_is_over_can_be_asked_for_again() -> None:
    run = queued_run()
    TrainingRun.objects.filter(pk=run.pk).update(state="failed")
    assert retraining.request_run(Drawing.objects.all(), by=None) != run


def test_without_an_active_version_there_is_no_run() -> None:
    with pytest.raises(retraining.RetrainingError, match="No model version"):
        retraining.request_run(Drawing.objects.all(), by=None)


@pytest.mark.usefixtures("shipped_model")
def test_of_two_workers_only_one_claims_a_run() -> None:
    run = queued_run()
    assert TrainingRun.objects.all().claim(run.pk, "first")
    assert not TrainingRun.objects.all().claim(run.pk, "second")
    assert not retraining.execute(run.pk)
    run.refresh_from_db()
    assert (run.claim_token, run.attempts) == ("first", 1)


@pytest.mark.django_db(transaction=True)
def test_a_training_that_fails_says_why(shipped_model: ModelVersion) -> None:
    run = queued_run()
    ModelVersion.objects.update(architecture="unheard_of")
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "ended with code 1: " in in_words(run.error)
    assert "unheard_of" in run.log
    assert "unheard_of" in in_words(run.error)
    assert ModelVersion.objects.count() == 1


@pytest.mark.usefixtures("shipped_model")
def test_a_run_that_kills_every_worker_is_given_up() -> None:
    run = queued_run()
    TrainingRun.objects.all().claim(run.pk, "token")
    long_ago = timezone.now() - timedelta(hours=1)
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=long_ago, attempts=3)
    assert retraining.waiting_runs() == []
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", message("died_often", count=3))


@pytest.mark.django_db(transaction=True)
def test_a_training_process_that_says_nothing_is_ended(
    shipped_model: ModelVersion, settings: Any
) -> None:
    settings.RETRAIN_SILENCE_SECONDS = 0.8
    run = queued_run()
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "said nothing" in in_words(run.error)


@pytest.mark.usefixtures("shipped_model")
def test_a_run_whose_worker_died_is_queued_again() -> None:
    dead, alive, waiting = queued_run(), queued_run(), queued_run()
    for run in (dead, alive):
        TrainingRun.objects.all().claim(run.pk, "token")
    long_ago = timezone.now() - timedelta(hours=1)
    TrainingRun.objects.filter(pk=dead.pk).update(heartbeat_at=long_ago)
    assert retraining.waiting_runs() == [dead.pk, waiting.pk]
    alive.refresh_from_db()
    assert alive.state == "running"


_HAND_OVER = """
import sys, django
django.setup()
from recognizer import tasks
from recognizer.models import TrainingRun
print(tasks.hand_over(TrainingRun.objects.get(pk=sys.argv[1])))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shipped_model")
def test_a_run_waits_when_the_broker_is_away() -> None:
    run = queued_run()
    done = subprocess.run(
        [sys.executable, "-c", _HAND_OVER, str(run.pk)],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0", "DATABASE_URL": database_url()},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == "False"
    assert "the broker cannot be reached" in done.stderr
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.django_db(transaction=True)
def test_a_retraining_makes_one_candidate_from_the_active_version(
    shipped_model: ModelVersion, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole of it, with a real training process."""
    settings.RETRAIN_EPOCHS = 1
    for digit in "0123456789":
        labelled(digit, strokes=golden.STROKES[digit])
    run = retraining.request_run(Drawing.objects.all(), by=None)
    token = request_ids.current.set("who-asked-for-it")
    with caplog.at_level(logging.INFO, "recognizer.training.supervision"):
        assert retraining.execute(run.pk)
    request_ids.current.reset(token)
    run.refresh_from_db()
    assert (run.state, run.error) == ("succeeded", "")
    assert [record["epoch"] for record in run.history] == [1]
    assert run.step == run.steps > 0
    assert "starting TensorFlow" in run.log
    assert "epoch 1/1" in run.log
    assert "request who-asked-for-it" in run.log
    assert re.search(rf"Run {run.pk}: .*epoch 1/1", caplog.text)
    version = run.version
    verdict = version.verdicts.get()
    assert (version.number, verdict.opponent) == (2, shipped_model)
    assert version.state == ("candidate" if verdict.passed else "refused")
    assert verdict.figures["sets"][0]["samples"] == 10_000
    assert version.metrics["mnist_test"]["accuracy"] > 0.99
    assert version.sha256 != shipped_model.sha256
    assert ModelVersion.objects.active() == shipped_model
    assert not retraining.execute(run.pk)
    assert ModelVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_weights_that_were_damaged_are_not_learned_from(shipped_model: ModelVersion) -> None:
    run = queued_run()
    with shipped_model.weights.open("wb") as file:
        file.write(b"no weights")
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "wrong SHA-256" in run.error
    assert run.finished_at
    assert ModelVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_cancelling_ends_the_training_process_within_five_seconds(
    shipped_model: ModelVersion,
) -> None:
    run = queued_run()
    worker = threading.Thread(target=_execute, args=(run.pk,))
    worker.start()
    _wait_for_stage(run, "training", worker)
    TrainingRun.objects.filter(pk=run.pk).update(state="cancelled")
    cancelled_at = time.monotonic()
    worker.join(30)
    assert not worker.is_alive()
    assert time.monotonic() - cancelled_at < 5
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert ModelVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_stopped_puts_its_run_back_into_the_queue(
    shipped_model: ModelVersion,
) -> None:
    run = queued_run()
    worker = threading.Thread(target=_execute, args=(run.pk,))
    worker.start()
    try:
        _wait_for_stage(run, "training", worker)
        supervision.shutting_down.set()
        worker.join(30)
    finally:
        supervision.shutting_down.clear()
    run.refresh_from_db()
    assert run.state == "queued"
    assert retraining.waiting_runs() == [run.pk]


@pytest.mark.usefixtures("shipped_model")
def test_a_version_whose_commit_was_not_heard_of_is_not_registered_twice(
    tmp_path: Path, settings: Any
) -> None:
    run = queued_run()
    TrainingRun.objects.all().claim(run.pk, "token")
    shutil.copytree(pretrained.FOLDER, tmp_path / "result")
    attempt = supervision.RunAttempt(run, "token", tmp_path)
    attempt._register_now(None)
    stored = set(Path(settings.MEDIA_ROOT).rglob("*"))
    with pytest.raises(supervision.RunLostError):  # the second try, after the database came back
        attempt._register_now(None)
    run.refresh_from_db()
    assert (run.state, run.version.number) == ("succeeded", 2)
    assert Path(run.version.artifact.path) in stored
    assert set(Path(settings.MEDIA_ROOT).rglob("*")) <= stored


def test_what_a_killed_worker_left_of_a_run_goes_with_the_next(shipped_model: ModelVersion) -> None:
    dead, alive = queued_run(), queued_run()
    TrainingRun.objects.all().claim(alive.pk, "alive")
    with run_folder(alive.pk, "alive") as kept:
        abandoned = kept.with_name(f"{dead.pk}-dead")
        abandoned.mkdir()
        (abandoned / "drawn.npz").write_bytes(b"drawings")
        with run_folder(dead.pk, "again") as folder:
            assert folder.is_dir()
            assert kept.is_dir()
            assert not abandoned.exists()
    assert not kept.exists()


def _execute(run_pk: int) -> None:
    from django.db import connection

    try:
        retraining.execute(run_pk)
    finally:
        connection.close()


def _wait_for_stage(run: TrainingRun, stage: str, worker: threading.Thread) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and worker.is_alive():
        run.refresh_from_db()
        if in_words(run.stage) == stage:
            return
        time.sleep(0.2)
    raise AssertionError(f"never came to {stage!r}: {run.state} {run.stage} {run.error}")


def test_pictures_and_strokes_are_both_written_for_the_training(
    shipped_model: ModelVersion, tmp_path: Any
) -> None:
    from ml.data.dataset import load_set

    labelled("7")
    labelled("1", picture=make_picture())
    run = retraining.request_run(Drawing.objects.all(), by=None)
    paths = write_examples(run, tmp_path)
    assert [load_set(path).labels.tolist() for path in paths] == [["7"], ["1"]]
