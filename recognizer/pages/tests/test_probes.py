"""/healthz and /readyz, for load balancers and monitors."""

import shutil
from collections import namedtuple
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from recognizer import __version__
from recognizer.models import ModelVersion
from recognizer.pages import probes
from recognizer.registry import active_model, promotion

pytestmark = pytest.mark.django_db

NOWHERE = "redis://:secret@127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _nothing_kept():
    probes.forget()


Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def _all_there(settings, shipped_model, valkey_url, monkeypatch):
    settings.REDIS_URL = valkey_url
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, 10**12))


def away(*_: object) -> None:
    raise OperationalError('connection to "db.internal" as "boss" failed')


def ask(client: Client, query: str = "") -> tuple[int, Any]:
    answer = client.get(f"/readyz{query}")
    return answer.status_code, answer.json()


@pytest.mark.usefixtures("_all_there")
def test_a_site_with_all_its_parts_is_ready(client):
    status, report = ask(client)
    assert status == 200
    assert {name: part["state"] for name, part in report["parts"].items()} == dict.fromkeys(
        ["database", "migrations", "redis", "model", "storage", "disk"], "ok"
    )


@pytest.mark.usefixtures("_all_there")
def test_ready_or_not_it_names_the_release(client, settings):
    assert ask(client)[1]["version"] == __version__
    settings.REDIS_URL = NOWHERE
    probes.forget()
    assert ask(client)[1]["version"] == __version__


@pytest.mark.usefixtures("_all_there")
def test_without_a_database_it_lives_but_is_not_ready(client):
    active_model.current()
    with connection.execute_wrapper(away):
        assert client.get("/healthz").json() == {"state": "ok"}
        status, report = ask(client)
    assert (status, report["state"]) == (503, "failed")
    assert report["parts"]["database"]["reason"] == "No database answers."
    assert report["parts"]["model"]["reason"] == "Version 1 answers from memory."
    assert "db.internal" not in str(report)


@pytest.mark.usefixtures("_all_there")
def test_a_redis_that_is_away_is_named_but_not_where_it_is(client, settings):
    settings.REDIS_URL = NOWHERE
    status, report = ask(client)
    assert status == 503
    assert report["parts"]["redis"]["reason"].startswith("No Redis answers")
    assert not {"secret", "127.0.0.1"} & set(str(report).replace(":", " ").split())
    assert ask(client, "?exclude=redis")[0] == 200


@pytest.mark.usefixtures("_all_there")
def test_a_migration_that_is_not_applied_is_reported(client):
    MigrationRecorder(connection).record_unapplied("recognizer", "0001_initial")
    status, report = ask(client)
    assert status == 503
    assert report["parts"]["migrations"]["reason"].startswith("1 are not applied")


@pytest.mark.usefixtures("_all_there")
def test_it_is_reported_if_no_version_can_be_loaded(client):
    ModelVersion.objects.update(sha256="0" * 64)
    status, report = ask(client)
    assert status == 503
    assert report["parts"]["model"]["state"] == "failed"


@pytest.mark.usefixtures("_all_there")
def test_a_version_that_stands_in_for_a_damaged_one_is_reported_but_ok(client, shipped_model):
    with shipped_model.artifact.open("rb") as file:
        content = file.read()
    other = ModelVersion.objects.get(pk=shipped_model.pk)
    other.pk, other.number, other.state = None, 2, "candidate"
    other.artifact.save("model.tflite", ContentFile(content), save=False)
    other.save(force_insert=True)
    promotion.promote(other, by=None)
    ModelVersion.objects.filter(number=2).update(sha256="0" * 64)
    status, report = ask(client)
    assert (status, report["state"]) == (200, "degraded")
    assert report["parts"]["model"]["reason"] == "Version 2 is not loaded; version 1 answers."


@pytest.mark.usefixtures("_all_there")
@pytest.mark.parametrize(("free", "status"), [(50_000_000, 503), (500_000_000, 200)])
def test_a_disk_that_is_nearly_full_is_reported(client, monkeypatch, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - free, free))
    found, report = ask(client)
    assert found == status
    assert report["parts"]["disk"]["state"] != "ok"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_needs_neither_a_name_of_the_site_nor_https(settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert Client(headers={"host": "10.0.0.7:8000"}).get(path).status_code in {200, 503}
    assert Client(headers={"host": "10.0.0.7:8000"}).get("/").status_code == 400
    assert Client().post(path).status_code == 405


@pytest.mark.usefixtures("_all_there")
def test_frequent_probes_examine_the_services_once_a_second(
    client, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(probes, "SECONDS_KEPT", 60.0)  # however slow this machine is
    ask(client)
    with django_assert_num_queries(0):
        ask(client)
