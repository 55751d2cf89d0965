"""A run ends with a verdict, whatever happens to its worker meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from ml import pretrained
from recognizer.language.stored_messages import message
from recognizer.models import Drawing, ModelVersion, Promotion, TrainingRun
from recognizer.registry import evaluation_sets, promotion
from recognizer.registry.reasons import of_promotion
from recognizer.tests.candidates import approved_seven, reads_well, takes_sevens_for_ones
from recognizer.training import retraining, supervision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_mnist_images")]

ACTIVE = ModelVersion.State.ACTIVE


@pytest.fixture
def instant_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training process that is over at once and leaves the network that ships."""
    command = tmp_path / "bin" / "nice"
    command.parent.mkdir()
    command.write_text(
        '#!/bin/sh\nwhile [ "$1" != --output ]; do shift; done\n'
        f'exec cp -r "{pretrained.FOLDER}" "$2"\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")


def asked_for() -> TrainingRun:
    """A run after which `instant_training` gives a version that passes."""
    takes_sevens_for_ones(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    approved_seven()
    return retraining.request_run(Drawing.objects.all(), by=None)


@pytest.mark.usefixtures("instant_training")
def test_a_run_ends_with_a_verdict_and_staff_decide() -> None:
    run = asked_for()
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == ("succeeded", "")
    assert run.stage == message("made", number=run.version.number)
    assert run.version.verdicts.get().passed
    assert run.version.state == "candidate"
    promotion.promote(run.version, by=None)


@pytest.mark.usefixtures("instant_training")
def test_a_candidate_that_passes_is_promoted_by_itself_where_the_site_wants_that(
    settings: Any,
) -> None:
    settings.RETRAIN_AUTO_PROMOTE = True
    run = asked_for()
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert ModelVersion.objects.active() == run.version
    kept = Promotion.objects.get()
    assert (kept.promoted_by, kept.override) == (None, False)
    assert of_promotion(kept).startswith("Promoted automatically. Better on the drawn test set")


@pytest.mark.usefixtures("instant_training")
def test_a_candidate_that_is_refused_is_not_promoted_by_itself(settings: Any) -> None:
    settings.RETRAIN_AUTO_PROMOTE = True
    opponent = reads_well(state=ACTIVE)
    approved_seven()
    run = retraining.request_run(Drawing.objects.all(), by=None)
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.version.state == "refused"
    assert ModelVersion.objects.active() == opponent


@pytest.mark.usefixtures("instant_training")
def test_nothing_is_promoted_by_itself_if_the_active_version_changed_meanwhile(
    settings: Any, during_evaluation: Callable[[Callable[[], None]], None]
) -> None:
    settings.RETRAIN_AUTO_PROMOTE = True
    run = asked_for()
    other = reads_well()
    during_evaluation(lambda: promote_anyway(other))
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert ModelVersion.objects.active() == other
    assert run.version.verdicts.get().passed
    assert run.version.state == "candidate"
    assert Promotion.objects.get().version == other


def promote_anyway(version: ModelVersion) -> None:
    promotion.promote(version, by=None, reason="Meanwhile.", override=True)


@pytest.fixture
def during_evaluation(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Lets something happen once, when the images are collected."""
    collect = evaluation_sets.collect

    def arrange(event: Callable[[], None]) -> None:
        def collect_then(*args: Any) -> Any:
            monkeypatch.setattr(evaluation_sets, "collect", collect)
            event()
            return collect(*args)

        monkeypatch.setattr(evaluation_sets, "collect", collect_then)

    return arrange


class WorkerKilled(BaseException):
    """Nothing in the worker catches it, as nothing catches a kill."""


@pytest.mark.usefixtures("instant_training")
def test_a_worker_that_dies_while_it_judges_leaves_no_version_and_the_run_is_taken_up_again(
    during_evaluation: Callable[[Callable[[], None]], None],
) -> None:
    def die() -> None:
        raise WorkerKilled

    run = asked_for()
    before = ModelVersion.objects.count()
    during_evaluation(die)
    with pytest.raises(WorkerKilled):
        retraining.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.stage) == ("running", message("comparing"))
    assert ModelVersion.objects.count() == before
    long_ago = timezone.now() - timedelta(hours=1)
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=long_ago)
    assert retraining.waiting_runs() == [run.pk]
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.version.verdicts.get().passed


@pytest.mark.usefixtures("instant_training")
def test_a_run_cancelled_while_it_is_judged_makes_no_version(
    during_evaluation: Callable[[Callable[[], None]], None],
) -> None:
    run = asked_for()
    before = ModelVersion.objects.count()
    during_evaluation(lambda: cancel(run))
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert ModelVersion.objects.count() == before


def cancel(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(state="cancelled")


@pytest.mark.usefixtures("instant_training")
def test_a_worker_told_to_end_while_it_judges_puts_its_run_back(
    during_evaluation: Callable[[Callable[[], None]], None],
) -> None:
    run = asked_for()
    during_evaluation(supervision.shutting_down.set)
    try:
        retraining.execute(run.pk)
    finally:
        supervision.shutting_down.clear()
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.usefixtures("instant_training")
def test_a_candidate_that_could_not_be_evaluated_is_kept_and_evaluated_later() -> None:
    run = asked_for()
    artifact = Path(run.base_version.artifact.path)
    sound = artifact.read_bytes()
    artifact.write_bytes(b"damaged")
    retraining.execute(run.pk)
    run.refresh_from_db()
    assert run.stage == message("made_not_evaluated", number=run.version.number)
    assert "could not be evaluated" in run.log
    with pytest.raises(promotion.NotPassedError, match="has not been compared"):
        promotion.promote(run.version, by=None)
    artifact.write_bytes(sound)
    call_command("evaluate", str(run.version.number))
    promotion.promote(run.version, by=None)
