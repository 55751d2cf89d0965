"""The version that answers now, as a browser that reads by itself learns of it."""

import hashlib
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from ml import pretrained
from recognizer.drawings.rejections import REJECTIONS
from recognizer.models import ModelVersion
from recognizer.registry import promotion
from recognizer.tests.candidates import reads_well

pytestmark = pytest.mark.django_db

ACTIVE = "/api/v1/models/active/"


def url_of(version: ModelVersion) -> str:
    return reverse("network", args=[version.web_sha256])


def test_anybody_may_ask_which_version_is_active(client: Client, shipped_model: Any) -> None:
    response = client.get(ACTIVE)
    assert response.json() == {"version": 1, "network": {"url": url_of(shipped_model)}}
    assert "no-store" in response.headers["Cache-Control"]


def test_after_a_promotion_it_is_the_new_one(client: Client, shipped_model: Any) -> None:
    candidate = reads_well()
    promotion.promote(candidate, by=None, override=True, reason="for this test")
    assert client.get(ACTIVE).json() == {
        "version": candidate.number,
        "network": {"url": url_of(candidate)},
    }


def test_a_version_without_a_file_for_browsers_says_so(client: Client, shipped_model: Any) -> None:
    ModelVersion.objects.update(web_model="", web_sha256="")
    assert client.get(ACTIVE).json() == {"version": 1, "network": None}


def test_without_an_active_version_it_is_503(client: Client) -> None:
    assert client.get(ACTIVE).status_code == 503


def test_asking_takes_one_query(
    client: Client, shipped_model: Any, django_assert_num_queries: Any
) -> None:
    reads_well()
    with django_assert_num_queries(1):
        client.get(ACTIVE)


def test_the_network_is_served_for_ever_under_its_hash(client: Client, shipped_model: Any) -> None:
    response = client.get(url_of(shipped_model))
    assert response.content == pretrained.WEB.read_bytes()
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert "immutable" in response.headers["Cache-Control"]
    assert "Vary" not in response.headers
    etag = response.headers["ETag"]
    again = client.get(url_of(shipped_model), headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_only_the_active_network_is_public(client: Client, shipped_model: Any) -> None:
    swapped = [{"1": "7", "7": "1"}.get(name, name) for name in shipped_model.classes]
    candidate = reads_well(classes=swapped)
    assert client.get(url_of(candidate)).status_code == 404
    promotion.promote(candidate, by=None, override=True, reason="for this test")
    assert client.get(url_of(candidate)).status_code == 200
    assert client.get(url_of(shipped_model)).status_code == 404
    assert client.get(reverse("network", args=["0" * 64])).status_code == 404
    assert client.post(url_of(candidate)).status_code == 405


def test_a_network_that_is_missing_or_damaged_is_404(client: Client, shipped_model: Any) -> None:
    shipped_model.web_model.save("model.web.bin", ContentFile(b"damaged"))
    assert client.get(url_of(shipped_model)).status_code == 404
    shipped_model.web_model.storage.delete(shipped_model.web_model.name)
    assert client.get(url_of(shipped_model)).status_code == 404


def test_a_shipped_model_of_an_older_release_gets_its_file_at_the_next_start(
    shipped_model: Any,
) -> None:
    ModelVersion.objects.update(web_model="", web_sha256="")
    promotion.register_shipped_model()
    shipped_model.refresh_from_db()
    with shipped_model.web_model.open("rb") as file:
        content = file.read()
    assert hashlib.sha256(content).hexdigest() == shipped_model.web_sha256
    ModelVersion.objects.update(web_model="", web_sha256="", sha256="0" * 64)
    promotion.register_shipped_model()
    shipped_model.refresh_from_db()
    assert shipped_model.web_sha256 == ""


def test_the_page_is_told_all_that_it_needs(client: Client) -> None:
    context = client.get("/").context
    assert json.loads(context["rejections"]) == {
        reason.code: reason.message for reason in REJECTIONS
    }
    html = client.get("/").content.decode()
    assert f'data-active-url="{ACTIVE}"' in html
    assert 'data-worker-url="/static/recognizer/js/recogniser/worker.js"' in html
