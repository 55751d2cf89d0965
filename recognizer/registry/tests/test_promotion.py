import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from devtools import golden
from ml import pretrained
from recognizer.drawings import recognition
from recognizer.models import ModelVersion, Promotion
from recognizer.registry import active_model, promotion

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("grace", is_staff=True)


@pytest.fixture
def candidate(shipped_model: ModelVersion) -> ModelVersion:
    return promotion.register(pretrained.FOLDER, run=None)


def test_the_shipped_model_is_registered_once_and_active() -> None:
    first = promotion.register_shipped_model()
    again = promotion.register_shipped_model()
    assert first == again == ModelVersion.objects.active()
    assert first.number == 1
    assert first.classes == pretrained.result()["plan"]["classes"]
    assert first.symbols == list("0123456789")
    assert Promotion.objects.count() == 1


def test_promoting_a_candidate_retires_the_active_version(
    shipped_model: ModelVersion, candidate: ModelVersion, staff: User
) -> None:
    promotion.promote(candidate, by=staff, reason="Reads my sevens.")
    shipped_model.refresh_from_db()
    assert ModelVersion.objects.active() == candidate
    assert shipped_model.state == "retired"
    newest = Promotion.objects.first()
    assert newest is not None
    assert (newest.version, newest.replaced, newest.promoted_by, newest.reason) == (
        candidate,
        shipped_model,
        staff,
        "Reads my sevens.",
    )


def test_a_promoted_version_answers_without_a_restart(
    candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active_model, "CHECK_SECONDS", 0)
    assert recognition.recognise(golden.ink("7")).version_number == 1
    promotion.promote(candidate, by=None)
    assert recognition.recognise(golden.ink("7")).version_number == 2
    promotion.roll_back(by=None)
    assert recognition.recognise(golden.ink("7")).version_number == 1


def test_the_database_refuses_a_second_active_version(candidate: ModelVersion) -> None:
    candidate.state = "active"
    with pytest.raises(IntegrityError), transaction.atomic():
        candidate.save()


def test_the_active_version_is_not_promoted_again(shipped_model: ModelVersion) -> None:
    with pytest.raises(promotion.PromotionError, match="active already"):
        promotion.promote(shipped_model, by=None)
    assert Promotion.objects.count() == 1


def test_a_damaged_artifact_is_not_promoted_and_the_active_one_goes_on(
    shipped_model: ModelVersion, candidate: ModelVersion
) -> None:
    Path(candidate.artifact.path).write_bytes(b"damaged")
    with pytest.raises(promotion.PromotionError, match="wrong SHA-256"):
        promotion.promote(candidate, by=None)
    assert ModelVersion.objects.active() == shipped_model


def test_an_artifact_damaged_after_promotion_leaves_the_old_version_answering(
    shipped_model: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active_model, "CHECK_SECONDS", 0)
    assert active_model.current().number == 1
    promotion.promote(candidate, by=None)
    Path(candidate.artifact.path).write_bytes(b"damaged")
    assert recognition.recognise(golden.ink("7")).version_number == 1


def test_a_process_that_starts_while_the_active_file_is_damaged_answers_with_the_one_before(
    shipped_model: ModelVersion,
    candidate: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(active_model, "CHECK_SECONDS", 0)
    promotion.register(pretrained.FOLDER, run=None)  # never promoted, so not a fallback
    promotion.promote(candidate, by=None)
    Path(candidate.artifact.path).write_bytes(b"damaged")
    active_model.forget()
    assert {recognition.recognise(golden.ink("7")).version_number for _ in range(3)} == {1}
    assert caplog.text.count("version 1 answers in its place") == 1  # not once per check
    Path(candidate.artifact.path).write_bytes(pretrained.ARTIFACT.read_bytes())
    assert recognition.recognise(golden.ink("7")).version_number == 2


def test_where_no_version_can_be_loaded_nobody_answers(shipped_model: ModelVersion) -> None:
    Path(shipped_model.artifact.path).write_bytes(b"damaged")
    with pytest.raises(active_model.NoActiveModelError, match="wrong SHA-256"):
        active_model.current()


def test_rolling_back_twice_goes_back_two_versions(
    shipped_model: ModelVersion, candidate: ModelVersion
) -> None:
    third = promotion.register(pretrained.FOLDER, run=None)
    promotion.promote(candidate, by=None)
    promotion.promote(third, by=None)
    assert promotion.roll_back(by=None) == candidate
    assert promotion.roll_back(by=None) == shipped_model
    with pytest.raises(promotion.PromotionError, match="No version was active before"):
        promotion.roll_back(by=None)


def test_a_version_that_cannot_be_stored_leaves_no_files(
    shipped_model: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "result"
    shutil.copytree(pretrained.FOLDER, folder)
    monkeypatch.setattr(type(ModelVersion.objects.all()), "next_number", lambda self: 1)
    stored = Path(shipped_model.artifact.path).parent
    before = sorted(stored.iterdir())
    with pytest.raises(IntegrityError), transaction.atomic():
        promotion.register(folder, run=None)
    assert sorted(stored.iterdir()) == before


def test_what_a_killed_worker_left_of_a_version_goes_with_the_next(
    shipped_model: ModelVersion,
) -> None:
    folder = Path(shipped_model.artifact.path).parents[1] / "00002"
    folder.mkdir(exist_ok=True)
    (folder / "model.tflite").write_bytes(b"half of a net")
    version = promotion.register(pretrained.FOLDER, run=None)
    assert version.number == 2
    named = {version.artifact.name, version.weights.name, version.web_model.name}
    assert {f"models/00002/{file.name}" for file in folder.iterdir()} == named
    assert Path(version.artifact.path).read_bytes() == pretrained.ARTIFACT.read_bytes()


def test_a_registering_that_is_taken_back_leaves_no_files(shipped_model: ModelVersion) -> None:
    with transaction.atomic():
        stored = Path(promotion.register(pretrained.FOLDER, run=None).artifact.path)
        transaction.set_rollback(True)
    assert stored.exists()
    promotion.remove_leftovers()
    assert not stored.exists()
    assert Path(shipped_model.artifact.path).exists()


@pytest.mark.django_db(transaction=True)
def test_two_versions_registered_at_once_have_numbers_and_files_of_their_own(
    shipped_model: ModelVersion,
) -> None:
    with ThreadPoolExecutor(4) as workers:
        numbers = list(workers.map(_register, range(4)))
    assert sorted(numbers) == [2, 3, 4, 5]
    for version in ModelVersion.objects.all():
        assert Path(version.artifact.path).read_bytes() == pretrained.ARTIFACT.read_bytes()
        assert Path(version.weights.path).read_bytes() == pretrained.WEIGHTS.read_bytes()


def _register(_: int) -> int:
    try:
        return promotion.register(pretrained.FOLDER, run=None).number
    finally:
        connection.close()


def test_going_to_and_fro_is_rolled_back_step_by_step(
    shipped_model: ModelVersion, candidate: ModelVersion
) -> None:
    third = promotion.register(pretrained.FOLDER, run=None)
    for version in (candidate, third, candidate):
        promotion.promote(version, by=None)
    back = [promotion.roll_back(by=None).number for _ in range(3)]
    assert back == [3, 2, 1]
    assert ModelVersion.objects.active() == shipped_model
