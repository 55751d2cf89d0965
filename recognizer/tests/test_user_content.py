"""What users send is only returned as types that no browser runs."""

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from recognizer.models import Share
from recognizer.tests.factories import make_drawing, make_label, make_picture, make_user
from recognizer.tests.test_authorisation import patterns

pytestmark = pytest.mark.django_db

HARMLESS = {"image/png", "application/json", "application/octet-stream", "application/zip"}
ACTIVE = '"><script>alert(1)</script><svg onload=alert(1)>'
FORMATS = ("json", "csv", "npz", "idx")


def files_of(drawing: Any) -> dict[str, list[str]]:
    """The URLs of every route that returns a file made from what a user sent."""
    values = {"<uuid:public_id>": drawing.public_id, "<slug:token>": drawing.share.token}
    routes = patterns(get_resolver().url_patterns)
    files = [route for route in routes if route.startswith(("drawings/<", "s/<"))]
    found = {route: [_filled(route, values)] for route in files if "." in route.split("/")[-1]}
    found["my-data/<slug:file_format>/"] = [f"/my-data/{name}/" for name in FORMATS]
    return found


def _filled(route: str, values: dict[str, Any]) -> str:
    for name, value in values.items():
        route = route.replace(name, str(value))
    return f"/{route}"


@pytest.mark.parametrize("drawn", ["strokes", "picture"])
def test_no_file_of_anybodys_has_an_active_type(client: Client, drawn: str) -> None:
    user = make_user("ada")
    drawing = make_drawing(
        user=user, title=ACTIVE[:80], picture=make_picture() if drawn == "picture" else None
    )
    make_label(drawing, "<svg>")
    Share.objects.create(drawing=drawing)
    client.force_login(user)
    found = files_of(drawing)
    assert len(found) == 9
    for url in (url for urls in found.values() for url in urls):
        response = client.get(url)
        if response.status_code == 404:
            assert drawn == "picture"
            continue
        assert response.status_code == 200
        kind = response["Content-Type"].split(";")[0]
        saved = response["Content-Disposition"].startswith("attachment;")
        policy = response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff", url
        assert kind in HARMLESS or (kind == "image/svg+xml" and saved and "sandbox" in policy), url
        assert saved or kind == "image/png", url
        assert "sandbox" in policy or saved, url


def test_a_browser_that_has_a_picture_keeps_it_in_its_sandbox(client: Client) -> None:
    user = make_user("ada")
    client.force_login(user)
    url = f"/drawings/{make_drawing(user=user).public_id}/picture.png"
    first = client.get(url)
    again = client.get(url, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert "sandbox" in again["Content-Security-Policy"]


def test_exports_of_staff_are_files_to_save(admin_client: Client) -> None:
    drawing = make_drawing(title=ACTIVE[:80])
    for name in ("npz", "csv", "idx"):
        form = {"action": f"export_{name}", "index": "0", "_selected_action": [drawing.pk]}
        response = admin_client.post("/admin/recognizer/drawing/", form)
        assert response["Content-Type"] in HARMLESS
        assert response["Content-Disposition"].startswith("attachment;")
        assert response["X-Content-Type-Options"] == "nosniff"


PAGES = (
    "/",
    "/drawings/",
    "/my-data/",
    "/accounts/",
    "/admin/",
    "/admin/login/",
    "/nothing/",
)


@pytest.mark.parametrize("url", [*PAGES, "/api/v1/models/active/", "/api/v1/docs/"])
def test_every_answer_says_what_a_browser_must_not_do(client: Client, url: str) -> None:
    client.force_login(make_user("grace", is_staff=True))
    headers = client.get(url).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{feature}=()" in headers["Permissions-Policy"]
