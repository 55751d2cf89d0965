"""Programs act for a user by a token, within its scopes and what that user may."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from rest_framework.views import APIView

from devtools import golden
from recognizer.api.tests.test_api import DRAWINGS, PREDICT, answer
from recognizer.api.tokens import HasScope
from recognizer.models import ApiToken, Drawing
from recognizer.tests.factories import make_drawing, make_staff, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

MODELS, PAGE = "/api/v1/models/", "/accounts/"


def program(user: Any, *scopes: str, **more: Any) -> Client:
    """A client without cookies that sends a token of this user; CSRF is checked as in earnest."""
    _, secret = ApiToken.objects.issue(user, "a script", list(scopes), **more)
    return bearing(secret)


def bearing(secret: str) -> Client:
    return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {secret}"})


def send(client: Client, method: str, url: str, body: Any = None) -> int:
    kind = {"content_type": "application/json"} if body is not None else {}
    return int(getattr(client, method)(url, body, **kind).status_code)


@pytest.mark.parametrize("scope", ["predict", "save", "read"])
def test_a_token_opens_what_its_scope_says_and_nothing_else(scope):
    user = make_user()
    drawing = make_drawing(user=user)
    one = f"{DRAWINGS}{drawing.public_id}/"
    client = program(user, scope)
    asked = {
        ("predict", "post", PREDICT): golden.body("7"),
        ("read", "get", DRAWINGS): None,
        ("read", "get", one): None,
        ("read", "get", f"/drawings/{drawing.public_id}/picture.png"): None,
        ("save", "post", DRAWINGS): golden.body("7"),
        ("save", "patch", one): {"label": "1"},
        ("save", "post", f"{one}share/"): None,
        ("save", "delete", f"{one}share/"): None,
        ("save", "delete", one): None,
    }
    for (needed, method, url), body in asked.items():
        status = send(client, method, url, body)
        assert (status < 300) is (needed == scope), (method, url, status)
        assert status < 300 or status == 403
    assert send(client, "get", MODELS) == 403
    assert send(client, "get", "/api/v1/models/active/") == 200


def test_what_a_token_saves_belongs_to_its_user_and_starts_no_session():
    user = make_user()
    client = program(user, "save")
    response = client.post(DRAWINGS, golden.body("7"), content_type="application/json")
    assert response.status_code == 201
    assert not response.cookies
    assert Drawing.objects.get().user == user


def test_a_token_sees_only_what_is_its_users():
    mine, other = make_drawing(user=make_user()), make_drawing(user=make_user("bob"))
    client = program(make_user(), "read", "save")
    assert [row["id"] for row in answer(client.get(DRAWINGS))["results"]] == [str(mine.public_id)]
    assert send(client, "delete", f"{DRAWINGS}{other.public_id}/") == 404


def test_a_token_of_staff_acts_as_staff_only_with_that_scope():
    staff, theirs = make_staff(permissions=["delete_drawing"]), make_drawing()
    one = f"{DRAWINGS}{theirs.public_id}/"
    narrow, wide = program(staff, "read", "save"), program(staff, "read", "save", "staff")
    assert [send(narrow, "get", url) for url in (one, MODELS)] == [404, 403]
    assert send(narrow, "delete", one) == 404
    assert [send(wide, "get", url) for url in (one, MODELS)] == [200, 200]
    assert send(wide, "patch", one, {"label": "1"}) == 404  # change_drawing was not granted
    assert send(wide, "delete", one) == 204
    staff.is_staff = False
    staff.save()
    assert send(wide, "get", MODELS) == 403


@pytest.mark.parametrize("how", ["revoked", "expired", "user inactive", "made up", "empty"])
def test_a_token_that_is_not_valid_opens_nothing_not_even_what_is_open(how):
    user = make_user()
    token, secret = ApiToken.objects.issue(user, "x", ["predict", "read"])
    assert send(bearing(secret), "get", DRAWINGS) == 200
    if how == "revoked":
        token.revoke()
    elif how == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "user inactive":
        user.is_active = False
        user.save()
    secret = {"made up": "hwr_" + "x" * 43, "empty": ""}.get(how, secret)
    client = bearing(secret)
    for response in (
        client.get(DRAWINGS),
        client.post(PREDICT, golden.body("7"), content_type="application/json"),
        client.get("/api/v1/models/active/"),
    ):
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_beside_a_token_widens_nothing():
    client = program(make_user(), "predict")
    client.force_login(make_staff())
    assert send(client, "get", DRAWINGS) == 403


def test_the_secret_is_random_and_only_its_fingerprint_is_kept():
    token, secret = ApiToken.objects.issue(make_user(), "x", ["read"])
    assert re.fullmatch(r"hwr_[\w-]{43}", secret)
    assert secret.startswith(token.prefix)
    assert len(token.prefix) == 10
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(row)
    assert secret[10:] not in str(row)


def test_its_use_is_noted_at_most_once_a_minute():
    _, secret = ApiToken.objects.issue(make_user(), "x", ["read"])
    client = bearing(secret)
    client.get(DRAWINGS)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with CaptureQueriesContext(connection) as asked:
        client.get(DRAWINGS)
    assert not [query for query in asked if query["sql"].startswith("UPDATE")]
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    client.get(DRAWINGS)
    used_at = ApiToken.objects.get().last_used_at
    assert used_at is not None
    assert used_at >= first


def test_no_log_holds_a_token(caplog):
    token, secret = ApiToken.objects.issue(make_user(), "x", ["read"])
    caplog.set_level(logging.DEBUG)
    for client in (bearing(secret), bearing(secret + "x")):
        client.get(DRAWINGS)
        client.get(MODELS)
    assert "Forbidden" in caplog.text
    assert secret not in caplog.text
    assert token.digest not in caplog.text


def test_every_api_view_asks_for_the_scope():
    views = [view for view in _api_views(get_resolver().url_patterns) if _takes_tokens(view)]
    assert len(views) > 6
    for view in views:
        opens = view.__name__ in {"DocumentView", "DocsView"}
        assert opens or HasScope in view.permission_classes, view
        assert opens or getattr(view, "token_scope", None), view


def _api_views(patterns: list[URLPattern | URLResolver]) -> set[type[APIView]]:
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= _api_views(pattern.url_patterns)
            continue
        view = getattr(pattern.callback, "cls", None) or getattr(
            pattern.callback, "view_class", None
        )
        if view is not None and issubclass(view, APIView):
            found.add(view)
    return found


def _takes_tokens(view: type[APIView]) -> bool:
    return bool(view.authentication_classes)


def test_the_document_names_the_scheme(client):
    document = answer(client.get("/api/v1/schema/", headers={"accept": "application/json"}))
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "`save`: store, correct" in scheme["description"]
    for path in (PREDICT, DRAWINGS):
        assert {"token": []} in document["paths"][path]["post"]["security"]


def made_on(client: Client, **fields: Any) -> str:
    """The secret that the page showed."""
    form = {"name": "My script", "scopes": ["read"], "days": "90"} | fields
    html = client.post(PAGE, form).content.decode()
    (secret,) = re.findall(r"hwr_[\w-]{43}", html)
    return str(secret)


def test_people_make_a_token_and_see_its_secret_once(client):
    user = make_user()
    client.force_login(user)
    secret = made_on(client)
    assert send(bearing(secret), "get", DRAWINGS) == 200
    response = client.get(PAGE)
    html = response.content.decode()
    assert secret not in html
    assert secret[:10] in html
    assert "no-store" in response["Cache-Control"]
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert 89 <= (token.expires_at - timezone.now()).days <= 90
    made_on(client, days="")
    assert ApiToken.objects.filter(expires_at=None).count() == 1


def test_people_revoke_their_own_tokens_alone(client):
    user = make_user()
    token, secret = ApiToken.objects.issue(user, "x", ["read"])
    url = reverse("token-revoke", args=[token.pk])
    client.force_login(make_user("bob"))
    assert client.post(url).status_code == 404
    client.force_login(user)
    assert client.get(url).status_code == 405
    assert client.post(url, follow=True).status_code == 200
    assert send(bearing(secret), "get", DRAWINGS) == 401
    token.refresh_from_db()
    assert token.state == "revoked"


def test_the_page_is_for_who_is_signed_in_and_guarded_against_forgery(client):
    assert client.get(PAGE).url == "/accounts/login/?next=/accounts/"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user())
    assert strict.post(PAGE, {"name": "x", "scopes": ["read"]}).status_code == 403
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["admin"]}, "not one of the available choices"),
        ({"scopes": ["staff"]}, "Only staff can"),
        ({"days": "10000"}, "not one of the available choices"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(client, fields, words):
    client.force_login(make_user())
    form = {"name": "x", "scopes": ["read"], "days": "90"} | fields
    assert words in client.post(PAGE, form).content.decode()
    assert not ApiToken.objects.exists()


def test_nobody_has_more_than_twenty_tokens_at_once(client):
    user = make_user()
    client.force_login(user)
    for _ in range(20):
        last, _ = ApiToken.objects.issue(user, "x", ["read"])
    form = {"name": "x", "scopes": ["read"], "days": ""}
    assert "Revoke one first." in client.post(PAGE, form).content.decode()
    last.revoke()
    made_on(client)


def test_staff_with_the_permission_make_and_revoke_tokens_of_people_who_are_not_staff(client):
    boss, other = make_staff("boss", ["add_apitoken", "change_apitoken"]), make_staff("grace")
    make_user("ada")
    url = reverse("admin:recognizer_apitoken_add")
    form = {"username": "ada", "name": "x", "scopes": ["read"], "days": "30"}
    client.force_login(other)
    assert client.post(url, form).status_code == 403
    client.force_login(boss)
    html = client.post(url, form | {"username": other.username}).content.decode()
    assert "create their tokens themselves" in html
    assert "Only staff can" in client.post(url, form | {"scopes": ["staff"]}).content.decode()
    assert not ApiToken.objects.exists()
    response = client.post(url, form)
    (secret,) = re.findall(r"hwr_[\w-]{43}", response.content.decode())
    assert "no-store" in response["Cache-Control"]
    assert send(bearing(secret), "get", DRAWINGS) == 200
    (pk,) = ApiToken.objects.values_list("pk", flat=True)
    listed = reverse("admin:recognizer_apitoken_changelist")
    assert secret not in client.get(listed).content.decode()
    client.post(listed, {"action": "revoke", "index": "0", "_selected_action": [pk]})
    assert send(bearing(secret), "get", DRAWINGS) == 401


def test_the_list_of_tokens_is_closed_to_staff_without_a_permission(client):
    client.force_login(make_staff())
    assert client.get(reverse("admin:recognizer_apitoken_changelist")).status_code == 403
