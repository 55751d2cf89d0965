"""/metrics: who may read it, and what it reports for all processes together."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from devtools import golden
from recognizer.backing import broker
from recognizer.drawings import recognition
from recognizer.models import ModelVersion
from recognizer.monitoring import metric_files, metrics
from recognizer.tests.factories import (
    SLIP,
    make_drawing,
    make_label,
    make_run,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

TOKEN = {"Authorization": "Bearer for-prometheus"}


@pytest.fixture
def _token(settings):
    settings.METRICS_TOKEN = "for-prometheus"


def samples() -> dict[tuple[str, ...], float]:
    """All samples, by name and label values."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def predict(client, strokes):
    body = {"strokes": strokes, "width": 280, "height": 280}
    return client.post("/api/v1/predict/", body, content_type="application/json")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}, TOKEN],
)
def test_without_a_token_set_only_staff_may_read_them(client, settings, headers):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers=headers).status_code == 401
    client.force_login(make_user("ada"))
    assert client.get("/metrics", headers=headers).status_code == 401
    client.force_login(make_user("grace", is_staff=True))
    assert client.get("/metrics", headers=headers).status_code == 200


@pytest.mark.usefixtures("_token")
def test_with_a_token_prometheus_may_read_them(client):
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = client.get("/metrics", headers=TOKEN)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert b"\nrecognizer_requests_total{" in answer.content


@pytest.mark.usefixtures("shipped_model")
def test_requests_and_readings_are_counted_by_route_and_class(client):
    before = samples()
    for strokes in (golden.STROKES["7"], golden.STROKES["1"], SLIP):
        assert predict(client, strokes).status_code == 200
    predict(client, "nonsense")
    after = samples()

    def more(*key):
        return after.get(key, 0) - before.get(key, 0)

    assert more("recognizer_requests_total", "POST", "predict", "200") == 3
    assert more("recognizer_requests_total", "POST", "predict", "400") == 1
    assert more("recognizer_request_seconds_count", "predict") == 4
    assert more("recognizer_readings_total", "7", "", "1") == 1
    assert more("recognizer_readings_total", "1", "", "1") == 1
    assert more("recognizer_readings_total", "", "too_small", "1") == 1
    assert more("recognizer_inference_seconds_count") == 3


def test_no_address_makes_a_series_of_its_own(client):
    for path in ("/s/a-secret-link/", "/nothing-1/", "/nothing-2/", "/static/none.js"):
        client.get(path)
    client.generic("BREW", "/nothing-3/")
    text = metrics.exposition().decode()
    assert 'method="GET",route="shared",status="404"' in text
    assert 'method="OTHER",route="unmatched",status="404"' in text
    assert not {"a-secret-link", "nothing-", "none.js", "BREW"} & set(text.split('"'))
    assert "secret" not in text


def test_reading_labelled_drawings_again_is_not_counted(shipped_model):
    make_label(make_drawing(read=None), "7", state="approved")
    before = samples()
    assert recognition.read_labelled_again(10) == 1
    name = "recognizer_inference_seconds_count"
    assert samples()[(name,)] == before[(name,)]


def test_what_is_so_just_now_is_asked_of_the_database_and_the_queue(settings, valkey_url):
    settings.REDIS_URL = valkey_url
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(broker.QUEUE)
        client.rpush(broker.QUEUE, "a message")
    version = make_version(4, state=ModelVersion.State.ACTIVE)
    make_run(state="failed", base_version=version)
    make_drawing(version=version)
    found = samples()
    assert found[("recognizer_active_version",)] == 4
    assert found[("recognizer_runs", "failed")] == 1
    assert found[("recognizer_runs", "queued")] == 0
    assert found[("recognizer_drawings_to_review",)] == 1
    assert found[("recognizer_queue_depth",)] == 1
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(broker.QUEUE)


@pytest.mark.usefixtures("_token")
def test_what_is_away_is_told_and_the_rest_is_still_there():
    def away(*_: object) -> None:
        raise OperationalError("gone")

    Client().get("/healthz")
    with connection.execute_wrapper(away):
        text = Client().get("/metrics", headers=TOKEN).content.decode()
    assert "\nrecognizer_database_up 0.0\n" in text
    assert "\nrecognizer_broker_up 0.0\n" in text
    assert "\nrecognizer_active_version" not in text
    assert "\nrecognizer_requests_total{" in text


COUNT_IN_THREE_PROCESSES = """
import os
from recognizer.monitoring import metric_files
metric_files.reserve()
import django
django.setup()
from recognizer.monitoring import metrics
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
for child in range(2):
    if (pid := os.fork()) == 0:
        metrics.count_prediction(1, "7", "", 0.001)
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
metrics.count_prediction(1, "7", "", 0.001)
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""


def test_one_process_tells_for_all_of_them_also_for_those_that_were_killed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", COUNT_IN_THREE_PROCESSES],
        cwd=Path(__file__).parents[3],
        env=os.environ
        | {
            metric_files.VARIABLE: str(tmp_path),
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "mnist_site.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'recognizer_readings_total{read="7",rejected="",version="1"} 3.0' in done.stdout
    metric_files.start_anew(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_costs_the_sum_over_processes_and_nothing_else(
    tmp_path, monkeypatch, capsys
):
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv(metric_files.VARIABLE, str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", no_room)
    metric_files.reserve()
    assert metric_files.VARIABLE not in os.environ
    assert list(tmp_path.iterdir()) == []
    assert "No space left on device" in capsys.readouterr().err


def test_space_is_really_taken_before_anything_is_counted(tmp_path, monkeypatch):
    monkeypatch.setenv(metric_files.VARIABLE, str(tmp_path))
    metric_files.reserve()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        f"{kind}_{os.getpid()}.db" for kind in ("counter", "histogram")
    ]
    assert all(file.stat().st_blocks * 512 >= 1 << 20 for file in files)
