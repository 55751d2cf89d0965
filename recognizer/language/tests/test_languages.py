"""Pages and API responses in the reader's language."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from recognizer.models import Share
from recognizer.tests.factories import make_drawing, make_label
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def german() -> Client:
    return Client(headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})


def page(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize(
    ("path", "words", "status"),
    [
        ("/", "Sicherheit für jede Ziffer", 200),
        ("/drawings/", "Hier ist noch nichts", 200),
        ("/my-data/", "Hier sind keine Daten von dir", 200),
        ("/offline/", "Du bist offline", 200),
        ("/no-such-page/", "Hier ist nichts", 404),
        ("/api/v1/docs/", "Zurück zur Zeichenseite", 200),
    ],
)
def test_a_page_speaks_the_browsers_language(german, path, words, status):
    html = page(german, path, status)
    assert words in html
    if "docs" not in path:
        assert '<html lang="de">' in html


def test_english_is_spoken_with_everybody_else(client):
    assert '<html lang="en">' in page(client, "/")
    french = Client(headers={"Accept-Language": "fr"})
    response = french.get("/")
    assert "Confidence in each digit" in response.content.decode()
    assert response["Content-Language"] == "en"
    assert "/texts/" not in response.content.decode()


def test_what_a_person_drew_is_told_in_german(german):
    visitor = sign_in_as_visitor(german)
    drawing = make_drawing(visitor=visitor, read="7", confidence=0.993)
    make_label(drawing, "not a digit")
    link = Share.objects.create(drawing=drawing)
    for path in ("/drawings/", f"/drawings/{drawing.public_id}/"):
        html = page(german, path)
        assert "Gelesen: <strong>7</strong>" in html
        assert "99,3 % sicher" in html
    assert "Angabe: keine Ziffer" in html
    assert "Du hast hier 1 Zeichnung mit 1 Angabe und 1 Link zum Teilen" in page(
        german, "/my-data/"
    )
    assert "99,3 % sicher" in page(german, reverse("shared", args=[link.token]))


def test_all_data_is_deleted_once_the_german_word_is_typed(german):
    make_drawing(visitor=sign_in_as_visitor(german))
    assert "Tipp „löschen“ ein" in german.post("/my-data/", {"typed": "delete"}).content.decode()
    response = german.post("/my-data/", {"typed": "Löschen"}, follow=True)
    assert "Gelöscht: 1 Zeichnung." in response.content.decode()


@pytest.mark.parametrize("template", ["500.html", "503.html", "403_csrf.html"])
def test_a_page_shown_when_all_else_fails_is_translated_too(template):
    with translation.override("de"):
        html = render_to_string(template)
    assert '<html lang="de">' in html
    assert "Handschrifterkennung" in html
    assert not re.search(r"[Tt]ry again|moment", html)


@pytest.mark.usefixtures("shipped_model")
def test_a_refusal_comes_in_the_persons_language_with_the_same_code(client, german):
    scribble = {"strokes": [[[10, 10], [11, 11]]], "width": 280, "height": 280}

    def rejected(someone: Client) -> dict[str, Any]:
        response = someone.post(reverse("predict"), scribble, content_type="application/json")
        answer: dict[str, Any] = response.json()["rejected"]
        return answer

    assert rejected(client)["message"].startswith("That is too small to read")
    assert rejected(german) == {
        "code": "too_small",
        "message": "Das ist zu klein zum Lesen. Bitte zeichne größer.",
    }


def test_what_is_wrong_with_a_drawing_comes_in_the_persons_language(german):
    far = {"strokes": [[[1, 2], [900, 2]]], "width": 280, "height": 280}
    response = german.post(reverse("predict"), far, content_type="application/json")
    assert response.status_code == 400
    assert response.json() == {
        "strokes": ["Strich 0: Ein Punkt liegt neben der Zeichenfläche von 280 x 280."]
    }


def test_a_language_chosen_on_the_site_outranks_the_browsers(german):
    response = german.post(
        reverse("set-language"),
        {"language": "en"},
        headers={"Referer": "http://testserver/drawings/"},
    )
    assert response["Location"] == "http://testserver/drawings/"
    assert '<html lang="en">' in page(german, "/")


def test_no_other_site_changes_the_language(german):
    response = german.post(
        reverse("set-language"), {"language": "en"}, headers={"Origin": "https://elsewhere.example"}
    )
    assert response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/offline/", "/manifest.webmanifest", "/service-worker.js"])
def test_a_cache_keeps_the_languages_apart(client, path):
    vary = client.get(path)["Vary"]
    assert {"accept-language", "cookie"} <= {name.strip().lower() for name in vary.split(",")}


def test_the_picture_of_a_link_is_another_in_each_language(client, german):
    link = Share.objects.create(drawing=make_drawing(read="7"))
    address = reverse("shared-card-png", args=[link.token])
    english = client.get(address)
    assert german.get(address, headers={"If-None-Match": english["ETag"]}).status_code == 200
    assert client.get(address, headers={"If-None-Match": english["ETag"]}).status_code == 304


def test_scripts_get_their_texts_from_an_address_that_changes_with_them(client, german):
    (address,) = re.findall(r'<script defer src="(/texts/de/\w+\.js)">', page(german, "/"))
    response = client.get(address)
    assert "immutable" in response["Cache-Control"]
    assert "Vary" not in response
    assert "Gemerkt" in response.content.decode()
    older = client.get(re.sub(r"\w+\.js", "0123456789abcdef.js", address))
    assert older["Cache-Control"] == "no-store"
    assert client.get("/texts/xx/0123456789abcdef.js").status_code == 404


def test_the_service_worker_keeps_pages_and_texts_of_one_language(client, german):
    def shell(someone: Client) -> dict[str, Any]:
        named = re.search('data-service-worker="([^"]+)"', page(someone, "/"))
        assert named
        found = re.match(r"const SHELL = (\{.*?\n\});\n", page(client, named[1]), re.S)
        assert found
        parsed: dict[str, Any] = json.loads(found[1])
        return parsed

    english, deutsch = shell(client), shell(german)
    assert english["version"] != deutsch["version"]
    assert client.get("/service-worker.js?language=xx").status_code == 404
    assert english["textsUrl"] == ""
    # The URL decides, since the service worker sends no cookie.
    kept = page(client, f"/?shell={deutsch['version']}")
    assert '<html lang="de">' in kept
    assert deutsch["textsUrl"] in kept
    assert '<html lang="en">' in page(german, f"/offline/?shell={english['version']}")


def test_the_installed_app_has_a_german_name(german):
    manifest = json.loads(page(german, "/manifest.webmanifest"))
    assert (manifest["lang"], manifest["name"]) == ("de", "Handschrifterkennung")


def test_the_admin_loads_our_texts_before_its_scripts_take_the_catalogue_away(german):
    german.force_login(User.objects.create_superuser("ada"))
    html = page(german, "/admin/recognizer/drawing/")
    assert "Zeichnung zum Ansehen auswählen" in html
    places = [html.index(part) for part in ("/admin/jsi18n/", '"/texts/de/', "jquery.init.js")]
    assert places == sorted(places)
