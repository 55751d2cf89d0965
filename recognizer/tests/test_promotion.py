import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from ml import pretrained
from ml.tests import golden
from recognizer import active_model, promotion, recognition
from recognizer.models import ModelVersion, Promotion

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


def test_going_to_and_fro_is_rolled_back_step_by_step(
    shipped_model: ModelVersion, candidate: ModelVersion
) -> None:
    third = promotion.register(pretrained.FOLDER, run=None)
    for version in (candidate, third, candidate):
        promotion.promote(version, by=None)
    back = [promotion.roll_back(by=None).number for _ in range(3)]
    assert back == [3, 2, 1]
    assert ModelVersion.objects.active() == shipped_model
