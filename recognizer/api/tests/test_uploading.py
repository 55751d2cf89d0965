"""A photograph that somebody sends is read, stored as its ink, and read the same again."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ml.drawing.tests.photographs import Scene, taken
from recognizer.api.tests.test_api import DRAWINGS, PREDICT, answer, data_url, post
from recognizer.drawings.recognition import bitmap_bytes, recognise
from recognizer.models import Drawing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

SCENE = Scene(gradient=0.6, shadow=0.4, pen=0.01)


def test_a_photograph_is_read_as_a_data_url_and_as_a_file(client: Client) -> None:
    photo = taken("3", SCENE)
    by_url = answer(post(client, PREDICT, {"image": data_url(photo, "jpeg")}))
    file = SimpleUploadedFile("photo.jpg", photo, "image/jpeg")
    by_file = answer(client.post(PREDICT, {"image": file}))
    assert by_url["text"] == "3"
    assert by_file == by_url


def test_what_is_stored_of_a_photograph_is_its_ink_and_is_read_the_same_again(
    client: Client,
) -> None:
    answer(post(client, DRAWINGS, {"image": data_url(taken("5", SCENE), "jpeg")}), 201)
    drawing = Drawing.objects.get()
    assert drawing.source == Drawing.Source.IMAGE
    drawn = drawing.drawn()
    assert np.median(drawn.pixels) == 0  # type: ignore[union-attr]
    again = recognise(drawn)
    assert again.text == "5"
    assert bitmap_bytes(again.symbols[0].bitmap) == bytes(drawing.bitmap)


def test_a_photograph_of_an_empty_sheet_is_refused_with_a_reason_and_not_stored(
    client: Client,
) -> None:
    body = {"image": data_url(taken(None, SCENE), "jpeg")}
    rejected = answer(post(client, PREDICT, body))["rejected"]
    assert rejected["code"] == "too_faint"
    assert "more light" in answer(post(client, DRAWINGS, body), 400)["detail"]
    assert not Drawing.objects.exists()
