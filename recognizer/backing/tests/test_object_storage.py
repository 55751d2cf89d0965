"""Model files in a bucket on a real S3 server."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from devtools import golden
from devtools.object_storage import BUCKET, KEYS, client, object_storage
from devtools.running_site import UP, environment
from ml import pretrained
from ml.reading.inference import ArtifactError
from mnist_site.env import env_storage
from recognizer.backing.storage import StorageAwayError
from recognizer.drawings import recognition
from recognizer.models import ModelVersion
from recognizer.registry import active_model, artifacts, promotion
from recognizer.running import checks, health

pytestmark = [pytest.mark.django_db, pytest.mark.services, pytest.mark.slow]

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with object_storage() as url:
        yield url


@pytest.fixture
def storage_at(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Any:
    """A function that points the site's storage at a URL, with an empty cache."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(active_model, "CHECK_SECONDS", 0)
    settings.VAR_DIR = tmp_path

    def point(url: str, bucket: str = BUCKET) -> None:
        monkeypatch.setenv("STORAGE_URL", storage_url(url, tmp_path.name, bucket))
        settings.STORAGES = settings.STORAGES | {"default": env_storage("STORAGE_URL")}

    return point


def storage_url(server: str, prefix: str, bucket: str = BUCKET) -> str:
    return f"s3://{bucket}/{prefix}?endpoint_url={server}&region_name=us-east-1"


@pytest.fixture
def _in_a_bucket(storage_at: Any, server: str) -> None:
    storage_at(server)


@pytest.fixture
def candidate(_in_a_bucket: None, shipped_model: ModelVersion) -> ModelVersion:
    return promotion.register(pretrained.FOLDER, run=None)


def stored(server: str, tmp_path: Path) -> dict[str, bytes]:
    """The objects in the bucket, by their names below the prefix."""
    bucket = client(server)
    listed = bucket.list_objects_v2(Bucket=BUCKET, Prefix=f"{tmp_path.name}/").get("Contents", [])
    return {
        entry["Key"].partition("/")[2]: bucket.get_object(Bucket=BUCKET, Key=entry["Key"])[
            "Body"
        ].read()
        for entry in listed
    }


def damage(server: str, tmp_path: Path, name: str | None) -> None:
    client(server).put_object(Bucket=BUCKET, Key=f"{tmp_path.name}/{name}", Body=b"damaged")


def new_host(settings: Any, tmp_path: Path) -> None:
    """A process on another host: nothing loaded, nothing cached."""
    settings.VAR_DIR = tmp_path / "new"
    active_model.forget()


def answering() -> int:
    return recognition.recognise(golden.ink("7")).version_number


def test_a_version_is_registered_promoted_read_with_and_rolled_back(
    candidate: ModelVersion, server: str, tmp_path: Path, client: Client
) -> None:
    files = stored(server, tmp_path)
    named = {version.artifact.name for version in ModelVersion.objects.all()}
    assert len(files) == 6
    assert {files[name] for name in named if name} == {pretrained.ARTIFACT.read_bytes()}
    assert files[candidate.weights.name or ""] == pretrained.WEIGHTS.read_bytes()

    promotion.promote(candidate, by=None)
    assert answering() == 2
    network = client.get(reverse("network", args=[candidate.web_sha256]))
    assert network.content == pretrained.WEB.read_bytes()
    promotion.roll_back(by=None)
    assert answering() == 1


def test_what_was_fetched_is_read_again_only_while_it_is_sound(
    candidate: ModelVersion, server: str, tmp_path: Path
) -> None:
    assert answering() == 1
    (kept,) = [*(tmp_path / "fetched").iterdir()]
    damage(server, tmp_path, ModelVersion.objects.get(number=1).artifact.name)
    assert active_model.load(ModelVersion.objects.get(number=1)).number == 1
    kept.write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="wrong SHA-256"):
        active_model.load(ModelVersion.objects.get(number=1))


def test_a_damaged_object_is_not_promoted_even_where_a_sound_copy_is_kept(
    candidate: ModelVersion, server: str, tmp_path: Path, settings: Any
) -> None:
    assert answering() == 1
    assert active_model.load(candidate).number == 2
    damage(server, tmp_path, candidate.artifact.name)
    with pytest.raises(promotion.PromotionError, match="wrong SHA-256"):
        promotion.promote(candidate, by=None)
    client(server).delete_object(Bucket=BUCKET, Key=f"{tmp_path.name}/{candidate.artifact.name}")
    with pytest.raises(promotion.PromotionError, match="is missing"):
        promotion.promote(candidate, by=None)
    assert ModelVersion.objects.active() != candidate


def test_while_the_storage_is_down_the_active_version_answers_and_nothing_is_promoted(
    candidate: ModelVersion, storage_at: Any, settings: Any, tmp_path: Path, client: Client
) -> None:
    assert answering() == 1
    network = reverse("network", args=[ModelVersion.objects.get(number=1).web_sha256])
    assert client.get(network).status_code == 200
    storage_at(NOBODY)
    with pytest.raises(promotion.PromotionError, match="models does not answer"):
        promotion.promote(candidate, by=None)
    assert answering() == 1
    assert health.CHECKS["storage"]().state == "degraded"
    active_model.forget()  # as in a process that has just started
    assert answering() == 1
    assert client.get(network).status_code == 200
    with pytest.raises(StorageAwayError):
        promotion.register(pretrained.FOLDER, run=None)
    new_host(settings, tmp_path)
    with pytest.raises(active_model.NoActiveModelError, match="models does not answer"):
        answering()


def test_many_who_fetch_the_same_at_once_all_get_it_whole(
    candidate: ModelVersion, tmp_path: Path
) -> None:
    version, got = ModelVersion.objects.get(number=1), []

    def fetch() -> None:
        got.append(artifacts.load(version.weights.name, version.weights_sha256, "It"))

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [pretrained.WEIGHTS.read_bytes()] * 8
    (kept,) = [*(tmp_path / "fetched").iterdir()]
    assert kept.read_bytes() == got[0]


def test_files_that_are_not_used_any_more_make_room(
    candidate: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MOST_KEPT", 1)
    version = ModelVersion.objects.get(number=1)
    active_model.load(version)
    artifacts.load(version.weights.name, version.weights_sha256, "It")
    (kept,) = [*(tmp_path / "fetched").iterdir()]
    assert kept.name == version.weights_sha256


def test_a_registering_that_is_taken_back_leaves_no_objects(
    candidate: ModelVersion, server: str, tmp_path: Path
) -> None:
    before = stored(server, tmp_path)
    ModelVersion.objects.filter(pk=candidate.pk).delete()
    promotion.remove_leftovers()
    left = stored(server, tmp_path)
    assert {*before} - {*left} == {
        candidate.artifact.name,
        candidate.weights.name,
        candidate.web_model.name,
    }


@pytest.mark.usefixtures("_in_a_bucket")
def test_a_start_that_finds_its_bucket_leaves_nothing_in_it(server: str, tmp_path: Path) -> None:
    checks.reach_storage()
    assert stored(server, tmp_path) == {}


def test_a_start_without_its_bucket_says_so(storage_at: Any, server: str) -> None:
    storage_at(server, "no-such")
    with pytest.raises(checks.NotReadyError, match=r"^STORAGE_URL: .*no-such.* does not exist"):
        checks.reach_storage()


def test_a_start_without_a_storage_is_one_line(tmp_path: Path) -> None:
    nowhere = environment(tmp_path) | KEYS | {"STORAGE_URL": storage_url(NOBODY, "x")}
    done = subprocess.run(UP, env=nowhere, capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("manage.py up: STORAGE_URL: The bucket models does not answer")


def test_the_list_of_versions_asks_the_bucket_nothing(
    candidate: ModelVersion, storage_at: Any, admin_client: Client
) -> None:
    storage_at(NOBODY)
    listed = admin_client.get("/admin/recognizer/modelversion/").content.decode()
    assert "Version 2" in listed
    assert "field-size" not in listed
    page = admin_client.get(f"/admin/recognizer/modelversion/{candidate.pk}/change/")
    assert '<div class="readonly">?</div>' in page.content.decode()
