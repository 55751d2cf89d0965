"""Requests meant to harm the site or its users, and the responses."""

import base64
import io
import socket
import time
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from PIL import Image

from ml.contract import Ink
from ml.drawing.pictures import decode_picture
from ml.drawing.preprocessing import preprocess
from ml.drawing.tests.pictures import encoded
from recognizer.api.tests.test_api import (
    DRAWINGS,
    GOOD,
    PREDICT,
    answer,
    data_url,
    patch,
    post,
    saved,
)
from recognizer.models import Drawing
from recognizer.registry.tests.test_swap import Web, web  # noqa: F401  a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]


def test_a_picture_with_damaged_exif_is_no_500(client: Client) -> None:
    picture = encoded(Image.new("L", (60, 60), 255), exif=b"Exif\0\0II*\0")
    assert post(client, PREDICT, {"image": data_url(picture)}).status_code in {200, 400}


def test_a_picture_whose_ink_vanishes_when_fitted_is_blank(client: Client) -> None:
    image = Image.new("L", (280, 280), 255)
    image.putpixel((138, 0), 0)
    image.putpixel((157, 279), 0)
    body = answer(post(client, PREDICT, {"image": data_url(encoded(image))}))
    assert body["rejected"]["code"] == "blank"


@pytest.mark.parametrize("mode", ["RGBA", "I;16", "RGB"])
def test_the_largest_picture_takes_no_gigabytes(mode: str) -> None:
    import tracemalloc

    content = encoded(Image.new(mode, (4400, 4400)))
    tracemalloc.start()
    decode_picture(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150_000_000


def test_a_zigzag_of_twenty_thousand_points_is_drawn_in_little_memory() -> None:
    import tracemalloc

    corners = np.zeros((20_000, 3))
    corners[1::2, :2] = 280
    tracemalloc.start()
    bitmap = preprocess(Ink((corners,), 280, 280))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert bitmap.sum() > 0
    assert peak < 200_000_000


NO_SUCH_DAY = base64.b64encode(b"p=0001-01-01T00%3A00%3A00%2B23%3A59").decode()
"""In UTC this is before the first day of Python's calendar."""


@pytest.mark.parametrize("cursor", ["cD1hYmM=", "cD0yMDI2LTk5LTk5", "%%%", "bz0x", NO_SUCH_DAY])
def test_an_invalid_cursor_causes_no_500(client: Client, cursor: str) -> None:
    assert client.get(DRAWINGS, {"cursor": cursor}).status_code in {200, 404}


def test_the_docs_page_answers_no_options(client: Client) -> None:
    assert client.options("/api/v1/docs/").status_code == 405


@pytest.mark.parametrize("charset", ["idna", "hex", "utf-16"])
def test_a_strange_charset_is_a_400(client: Client, charset: str) -> None:
    for kind in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        response = client.generic("POST", PREDICT, b"{}", f"{kind}; charset={charset}")
        assert response.status_code == 400


def test_a_session_cookie_that_is_none_is_ignored(client: Client) -> None:
    client.cookies["sessionid"] = "\0\0\0\0\0\0\0\0"
    assert client.get(DRAWINGS).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}],
)
def test_another_site_cannot_post_in_a_visitors_name(client: Client, headers: Any) -> None:
    response = client.post(DRAWINGS, GOOD, content_type="application/json", headers=headers)
    assert response.status_code == 403
    assert not response.cookies
    assert not Drawing.objects.exists()
    own = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    response = client.post(DRAWINGS, GOOD, content_type="application/json", headers=own)
    assert response.status_code == 201


def test_a_blank_picture_that_is_not_saved_starts_no_session(client: Client) -> None:
    blank = data_url(encoded(Image.new("L", (60, 60), 255)))
    assert post(client, DRAWINGS, {"image": blank}).status_code == 400
    assert not client.cookies


def test_staff_without_the_permission_see_but_neither_label_nor_delete(client: Client) -> None:
    drawing_id = saved(client)["id"]
    staff = User.objects.create_user("grace", is_staff=True)
    desk = Client()
    desk.force_login(staff)
    url = f"{DRAWINGS}{drawing_id}/"
    assert desk.get(url).status_code == 200
    assert desk.delete(url).status_code == 404
    assert patch(desk, drawing_id, {"label": "1"}).status_code == 404
    staff.user_permissions.set(
        Permission.objects.filter(codename__in=["change_drawing", "delete_drawing"])
    )
    assert patch(desk, drawing_id, {"label": "1"}).status_code == 200
    assert desk.delete(url).status_code == 204


def test_who_draws_and_then_logs_in_keeps_the_drawings(client: Client) -> None:
    mine = saved(client)["id"]
    User.objects.create_user("ada", password="lovelace-1843", is_staff=True)
    login = {"username": "ada", "password": "lovelace-1843"}
    assert client.post("/admin/login/?next=/", login).status_code == 302
    assert mine in client.get("/drawings/").content.decode()
    assert Drawing.objects.get().visitor is None


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_clients_that_never_finish_their_body_do_not_stop_the_site(
    web: Web,  # noqa: F811  the fixture
) -> None:
    from recognizer.registry.tests.test_swap import ask

    head = b"POST /api/v1/predict/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", web.ports[0])) for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(head)
        started = time.monotonic()
        assert ask(web.ports[0]).status == 200
        assert time.monotonic() - started < 5
    finally:
        for connection in slow:
            connection.close()


def test_a_picture_file_with_an_active_type_is_only_ever_a_picture(client: Client) -> None:
    file = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    file.name = "x.svg"
    assert "not a PNG or JPEG" in str(answer(client.post(PREDICT, {"image": file}), 400))


def test_an_address_of_the_api_that_leads_nowhere_answers_in_json(client: Client) -> None:
    for url in ("/api/v1/drawings/not-a-uuid/", "/api/v1/nothing/", "/api/v1/models/1.5/"):
        assert answer(client.get(url), 404) == {"detail": "Not found."}
    assert "text/html" in client.get("/nothing/")["Content-Type"]
