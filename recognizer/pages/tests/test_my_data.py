"""Downloading or deleting all of one's data."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from recognizer.models import Drawing, Label, Share, TrainingRun
from recognizer.tests.factories import (
    SEVEN,
    make_drawing,
    make_label,
    make_picture,
    make_run,
    make_staff,
    make_user,
    make_version,
)
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db

PAGE = "/my-data/"


def downloaded(client: Client, file_format: str) -> bytes:
    response = client.get(reverse("my-data-download", args=[file_format]))
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["Cache-Control"] == "no-store"
    content: bytes = response.getvalue()
    return content


def everything(client: Client) -> list[dict[str, Any]]:
    drawings: list[dict[str, Any]] = json.loads(downloaded(client, "json"))["drawings"]
    return drawings


def test_the_json_holds_everything_of_ones_own_and_nothing_of_others(client):
    visitor = sign_in_as_visitor(client)
    drawing = make_drawing(visitor=visitor, title="Mine", read="1")
    make_label(drawing, "7", given_by=make_user("bob")).approve(make_staff("grace"))
    make_version(run=make_run([drawing], state=TrainingRun.State.SUCCEEDED))
    share = Share.objects.create(drawing=drawing)
    photo = make_drawing(visitor=visitor, picture=make_picture())
    make_drawing()
    first, second = everything(client)
    assert (first["id"], first["title"]) == (str(drawing.public_id), "Mine")
    assert first["strokes"] == SEVEN
    assert first["share_token"] == share.token
    (prediction,) = first["predictions"]
    assert (prediction["version"], prediction["text"], prediction["answered"]) == (1, "1", True)
    assert prediction["symbols"][0]["probabilities"]["1"] == 0.993
    (label,) = first["labels"]
    assert (label["value"], label["state"]) == ("7", "approved")
    assert first["learned_from_by_versions"] == [2]
    assert (second["id"], second["strokes"]) == (str(photo.public_id), None)
    assert second["picture"].startswith("data:image/png;base64,")
    whole = downloaded(client, "json").decode()
    assert "grace" not in whole
    assert "bob" not in whole


def test_the_other_formats_hold_ones_own_drawings_alone(client):
    mine = make_drawing(visitor=sign_in_as_visitor(client))
    other = make_drawing()
    table = zipfile.ZipFile(io.BytesIO(downloaded(client, "csv"))).read("drawings.csv").decode()
    assert str(mine.public_id) in table
    assert str(other.public_id) not in table
    for file_format in ("npz", "idx"):
        assert zipfile.is_zipfile(io.BytesIO(downloaded(client, file_format)))
    assert client.get("/my-data/pickle/").status_code == 404


def test_who_has_drawn_nothing_gets_an_empty_file_and_is_told_so(client):
    make_drawing()
    assert everything(client) == []
    assert "You have no data here" in client.get(PAGE).content.decode()


def test_the_file_takes_the_same_queries_for_many_drawings(client, django_assert_max_num_queries):
    visitor = sign_in_as_visitor(client)
    for _ in range(30):
        make_label(make_drawing(visitor=visitor))
    with django_assert_max_num_queries(9):
        assert len(everything(client)) == 30


def test_all_data_is_deleted_only_once_the_word_is_typed(client):
    visitor = sign_in_as_visitor(client)
    other = make_drawing()
    for _ in range(2):
        drawing = make_drawing(visitor=visitor)
        make_label(drawing)
        Share.objects.create(drawing=drawing)
    assert "2 drawings" in client.get(PAGE).content.decode()
    for typed in ("", "yes", "deleted"):
        assert client.post(PAGE, {"typed": typed}).status_code == 200
        assert Drawing.objects.count() == 3
    assert "Nothing was deleted" in client.post(PAGE, {"typed": "no"}).content.decode()
    response = client.post(PAGE, {"typed": " Delete "}, follow=True)
    assert "Deleted: 2 drawings." in response.content.decode()
    assert "Nothing here yet" in response.content.decode()
    assert list(Drawing.objects.all()) == [other]
    assert not Label.objects.exists()
    assert not Share.objects.exists()


def test_a_person_is_told_which_versions_learned_from_what_they_delete(client):
    user = make_user()
    drawing = make_drawing(user=user)
    make_version(run=make_run([drawing], state=TrainingRun.State.SUCCEEDED))
    client.force_login(user)
    assert "Trained on these drawings: version 2." in client.get(PAGE).content.decode()
    response = client.post(PAGE, {"typed": "delete"}, follow=True)
    assert "Trained on these drawings: version 2." in response.content.decode()


def test_a_signed_in_person_deletes_their_own_drawings_and_keeps_the_account(client):
    user = make_user("ada")
    make_drawing(user=user)
    other = make_drawing(user=make_user("bob"))
    client.force_login(user)
    client.post(PAGE, {"typed": "delete"})
    assert list(Drawing.objects.all()) == [other]
    user.refresh_from_db()


def test_another_site_can_delete_nothing(client):
    strict = Client(enforce_csrf_checks=True)
    make_drawing(visitor=sign_in_as_visitor(strict))
    assert strict.post(PAGE, {"typed": "delete"}).status_code == 403
    forged = {"typed": "delete"}
    assert strict.post(PAGE, forged, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert Drawing.objects.count() == 1
