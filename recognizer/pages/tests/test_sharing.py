"""A link shows one drawing to anybody, until its owner withdraws the link."""

import io
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from ml.drawing.strokes import pack_ink, parse_strokes
from recognizer.models import Drawing, Share
from recognizer.tests.factories import (
    ONE,
    make_drawing,
    make_label,
    make_picture,
    make_staff,
    make_user,
)
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db

FILES = ("drawing.svg", "drawing.png", "picture.png", "card.png")


def share_url(drawing: Drawing) -> str:
    return reverse("drawing-share", args=[drawing.public_id])


def links(client: Client, drawing: Drawing) -> dict[str, str]:
    response = client.post(share_url(drawing))
    assert response.status_code in {200, 201}, response.content
    answer: dict[str, str] = response.json()
    return answer


def addresses(share: Share) -> list[str]:
    page = reverse("shared", args=[share.token])
    return [page, f"{page}embed/", *(page + name for name in FILES)]


def test_a_drawing_is_private_until_its_owner_makes_a_link(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    detail = reverse("drawing-detail", args=[drawing.public_id])
    assert client.get(detail).json()["share"] is None
    made = links(client, drawing)
    assert client.get(detail).json()["share"] == made
    token = Share.objects.get().token
    assert made["url"] == f"http://testserver/s/{token}/"
    assert made["embed_url"] == f"http://testserver/s/{token}/embed/"
    assert Client().get(made["url"]).status_code == 200


def test_a_link_is_made_once_and_cannot_be_guessed(client):
    visitor = sign_in_as_visitor(client)
    drawing, other = make_drawing(visitor=visitor), make_drawing(visitor=visitor)
    first = client.post(share_url(drawing))
    again = client.post(share_url(drawing))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert links(client, other) != first.json()
    token = Share.objects.get(drawing=drawing).token
    assert re.fullmatch(r"[\w-]{22,}", token)
    assert str(drawing.public_id) not in token


def test_a_link_that_was_taken_back_is_dead_for_good(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    links(client, drawing)
    old = Share.objects.get()
    assert client.delete(share_url(drawing)).status_code == 204
    assert client.delete(share_url(drawing)).status_code == 204
    links(client, drawing)
    assert [Client().get(url).status_code for url in addresses(old)] == [404] * 6
    assert [Client().get(url).status_code for url in addresses(Share.objects.get())] == [200] * 6


def test_a_link_dies_with_its_drawing(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    url = links(client, drawing)["url"]
    client.delete(reverse("drawing-detail", args=[drawing.public_id]))
    assert Client().get(url).status_code == 404


def test_no_answer_tells_a_dead_link_from_one_that_never_was(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    links(client, drawing)
    dead = addresses(Share.objects.get())
    client.delete(share_url(drawing))
    never = [url.replace(url.split("/")[2], "A" * 24) for url in dead]
    for one, other in zip(dead, never, strict=True):
        gone, missing = Client().get(one), Client().get(other)
        assert (gone.status_code, gone.content) == (missing.status_code, missing.content)
        for answer in (gone, missing):
            del answer.headers["X-Request-ID"]
        assert gone.headers == missing.headers


def test_only_the_owner_shares_and_staff_may_end_it(client):
    drawing = make_drawing()
    sign_in_as_visitor(client)
    for person in (client, Client()):
        assert person.post(share_url(drawing)).status_code == 404
        assert person.delete(share_url(drawing)).status_code == 404
    staff = Client()
    staff.force_login(make_staff())
    assert staff.post(share_url(drawing)).status_code == 404
    Share.objects.create(drawing=drawing)
    assert staff.delete(share_url(drawing)).status_code == 404
    staff.force_login(make_staff(permissions=["delete_drawing"]))
    assert staff.delete(share_url(drawing)).status_code == 204
    assert not Share.objects.exists()


def shared(client: Client, **fields: Any) -> tuple[Drawing, str]:
    """Share a drawing by ada; return it and its page as a stranger sees it."""
    drawing = make_drawing(user=make_user("ada-lovelace"), **fields)
    Share.objects.create(drawing=drawing)
    response = client.get(reverse("shared", args=[drawing.share.token]))
    assert response.status_code == 200
    return drawing, response.content.decode()


def test_the_page_shows_the_drawing_and_the_prediction_and_not_who_drew_it(client):
    drawing, html = shared(client, read="7", confidence=0.993, title="My seven")
    make_label(drawing, "1")
    for words in ("My seven", "Read as <strong>7</strong>", "99.3 % sure", "model version 1"):
        assert words in html
    assert "data-strokes=" in html
    assert "ada-lovelace" not in html
    assert str(drawing.public_id) not in html


def test_search_engines_and_caches_keep_nothing_of_the_page(client):
    drawing, html = shared(client)
    assert '<meta name="robots" content="noindex, nofollow">' in html
    for name in ("shared", "shared-embed"):
        response = client.get(reverse(name, args=[drawing.share.token]))
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "same-origin"


def test_open_graph_names_whole_addresses_and_a_picture_of_its_size(client):
    _, html = shared(client, title='"><script>')
    found = dict(re.findall(r'<meta property="og:([\w:]+)" content="([^"]*)">', html))
    assert found["title"] == "&quot;&gt;&lt;script&gt;"
    assert found["url"].startswith("http://testserver/s/")
    assert found["description"].startswith("Read as 7, 99.3 % sure")
    assert (found["image:width"], found["image:height"]) == ("1200", "630")
    response = client.get(found["image"])
    assert response["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(response.content))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    sheet = picture.crop((100, 100, 530, 530)).convert("L")
    ink = sum(sheet.histogram()[:100]) / (430 * 430)
    assert 0.05 < ink < 0.5


def test_only_the_embedded_page_may_be_framed(client):
    drawing, _ = shared(client)
    for url in addresses(drawing.share):
        response = client.get(url)
        may = url.endswith("/embed/")
        policy = response["Content-Security-Policy"]
        assert ("frame-ancestors *" in policy) is may, url
        assert ("frame-ancestors 'none'" in policy) is not may, url
        assert response.has_header("X-Frame-Options") is not may, url
        assert ("script-src 'self'" in policy) is url.endswith("/"), url
        assert ("sandbox" in policy) is not url.endswith("/"), url
        assert "unsafe" not in policy


def test_an_svg_is_only_ever_an_attachment_and_its_title_is_text(client):
    title = "</title><script>alert(1)</script>&'\""
    drawing, _ = shared(client, title=title)
    response = client.get(reverse("shared-drawing-svg", args=[drawing.share.token]))
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"
    root = ElementTree.fromstring(response.content)
    svg = "{http://www.w3.org/2000/svg}"
    assert {one.tag.removeprefix(svg) for one in root.iter()} == {
        "svg", "title", "rect", "g", "path",
    }  # fmt: skip
    assert root.findtext(f"{svg}title") == title


def test_a_png_shows_the_strokes_where_they_were_drawn(client):
    drawing, _ = shared(client, strokes=ONE)
    response = client.get(reverse("shared-drawing-png", args=[drawing.share.token]))
    assert response["Content-Disposition"].startswith("attachment; filename=")
    picture = Image.open(io.BytesIO(response.content)).convert("L")
    assert picture.size == (1024, 1024)
    pixels = np.asarray(picture)
    assert pixels[[512, 250], 512].max() < 60
    assert pixels[[512, 20, 512], [300, 512, 700]].min() == 255


def test_a_shared_picture_has_a_png_and_no_svg(client):
    drawing, html = shared(client, picture=make_picture())
    assert "drawing.svg" not in html
    token = drawing.share.token
    assert client.get(reverse("shared-drawing-svg", args=[token])).status_code == 404
    content = client.get(reverse("shared-picture-png", args=[token])).content
    assert np.asarray(Image.open(io.BytesIO(content)).convert("L"))[360, 360] < 60


def test_a_dot_and_more_points_than_any_hand_draws_make_pictures_too(client):
    wild = [[[(37 * i) % 280, (91 * i) % 280] for i in range(20_000)]]
    for strokes in ([[[140, 140]]], wild):
        ink = parse_strokes(strokes, 280, 280)
        drawing = make_drawing(user=make_user())
        Drawing.objects.filter(pk=drawing.pk).update(ink=pack_ink(ink))
        share = Share.objects.create(drawing=drawing)
        sizes = [len(Client().get(url).content) for url in addresses(share)]
        assert max(sizes) < 200_000


def test_a_picture_that_a_browser_has_is_not_sent_again(client):
    drawing, _ = shared(client)
    url = reverse("shared-card-png", args=[drawing.share.token])
    first = client.get(url)
    assert first["Cache-Control"] == "public, max-age=300"
    assert not first.has_header("Set-Cookie")
    again = client.get(url, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    drawing.share.delete()
    assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 404


def test_pictures_for_strangers_are_throttled(client, monkeypatch):
    from recognizer.api.throttles import Throttle

    drawing, _ = shared(client)
    monkeypatch.setitem(Throttle.THROTTLE_RATES, "api", "2/min")
    url = reverse("shared-card-png", args=[drawing.share.token])
    assert [client.get(url).status_code for _ in range(3)] == [200, 200, 429]


def test_a_shared_page_costs_few_queries(client, django_assert_max_num_queries):
    drawing, _ = shared(client)
    with django_assert_max_num_queries(3):
        Client().get(reverse("shared", args=[drawing.share.token]))
