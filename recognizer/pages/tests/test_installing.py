"""Installing the site and opening it offline."""

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, override_settings
from django.urls import reverse
from PIL import Image

from recognizer.accounts.pseudonyms import account_of
from recognizer.tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db


def shell(client: Client) -> dict[str, Any]:
    response = client.get("/service-worker.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert "no-cache" in response["Cache-Control"]
    found = re.match(r"const SHELL = (\{.*?\n\});\n", response.content.decode(), re.DOTALL)
    assert found
    parsed: dict[str, Any] = json.loads(found[1])
    return parsed


def file_of(url: str) -> str:
    path = finders.find(url.removeprefix("/static/"))
    assert isinstance(path, str), url
    return path


def test_the_manifest_names_the_site_and_icons_of_the_sizes_it_says(client):
    response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    manifest = json.loads(response.content)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "/",
        "/",
        "standalone",
    )
    sizes = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert sizes >= {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    for icon in manifest["icons"]:
        if icon["type"] == "image/png":
            with Image.open(file_of(icon["src"])) as picture:
                assert "{}x{}".format(*picture.size) == icon["sizes"]
    for shortcut in manifest["shortcuts"]:
        assert client.get(shortcut["url"]).status_code == 200


def test_an_icon_that_is_cut_to_shape_fills_its_square():
    for name in ("icon-maskable-512.png", "icon-180.png"):
        with Image.open(file_of(f"/static/recognizer/img/{name}")) as picture:
            assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_every_page_names_the_manifest_and_a_colour_for_light_and_dark(client):
    html = client.get(reverse("history")).content.decode()
    assert 'rel="manifest" href="/manifest.webmanifest"' in html
    assert (
        len(re.findall(r'name="theme-color" content="#\w+" media="[^"]+(?:light|dark)', html)) == 2
    )


def test_the_service_worker_keeps_all_that_the_drawing_page_loads(client):
    files = shell(client)["files"]
    html = client.get("/").content.decode()
    loaded = re.findall(r'(?:src|href|data-worker-url)="(/static/[^"]+\.(?:js|css|svg))"', html)
    assert set(loaded) <= set(files)
    assert {url.removeprefix("/static/recognizer/") for url in files} >= {
        "js/recogniser/network.js",  # what the worker imports
        "js/offline/save_queue.js",
        "vendor/perfect-freehand-1.2.3/index.mjs",
        "img/eraser.svg",  # what a style sheet paints
        "js/offline/offline_page.js",
    }
    assert not any("admin" in url or "gallery" in url or url.endswith(".png") for url in files)
    for url in files:
        file_of(url)


def test_the_service_workers_version_changes_with_what_it_keeps(client, monkeypatch, tmp_path):
    from recognizer.pages import offline_files

    pages = ['<script src="/static/recognizer/js/replay.js">']
    before = offline_files.shell_of(pages)
    assert offline_files.shell_of(pages) == before
    assert offline_files.shell_of([*pages, "<p>More"]).version != before.version
    changed = tmp_path / "replay.js"
    changed.write_text("changed()")
    monkeypatch.setattr(offline_files, "_path", lambda name: changed)
    assert offline_files.shell_of(pages).version != before.version


def test_a_page_to_be_kept_is_the_same_for_everybody(client):
    version = shell(client)["version"]
    anonymous = client.get(f"/?shell={version}").content
    client.force_login(make_user("ada"))
    assert b"data-account" not in anonymous
    assert client.get(f"/?shell={version}").content == anonymous
    client.force_login(make_staff())
    assert client.get("/offline/").status_code == 200


@pytest.mark.parametrize("page", ["/", "/offline/"])
def test_a_page_of_another_version_is_not_to_be_kept(client, page):
    assert client.get(f"{page}?shell=0123456789abcdef").status_code == 404


def test_the_drawing_page_says_who_is_signed_in_without_naming_them(client):
    assert 'data-account=""' in client.get("/").content.decode()
    grace = make_user("grace")  # no hexadecimal digits
    client.force_login(grace)
    assert f'data-account="{account_of(grace)}"' in client.get("/").content.decode()
    assert "grace" not in account_of(grace)


def test_while_static_files_change_nothing_is_kept(client):
    with override_settings(DEBUG=True):
        assert 'data-service-worker=""' in client.get("/").content.decode()
        assert client.get("/service-worker.js").status_code == 404
    assert 'data-service-worker="/service-worker.js"' in client.get("/").content.decode()


def test_the_offline_page_and_the_worker_come_without_a_query(client, django_assert_num_queries):
    shell(client)
    with django_assert_num_queries(0):
        client.get("/service-worker.js")
        client.get("/manifest.webmanifest")
        client.get("/offline/")
