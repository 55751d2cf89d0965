"""Who may do what: every kind of user requests every URL. A URL missing here fails."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from devtools import golden
from recognizer.models import ApiToken, Drawing, Promotion, Review, Share, StaffAct
from recognizer.tests.factories import make_drawing, make_label, make_run, make_staff, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PEOPLE = ["anonymous", "owner", "other user", "staff without rights", "staff"]
PRIVATE = "only-its-owner-reads-this"

# The response to each of PEOPLE, in that order; one word is for all. "login" is a redirect there.
PAGES = """
GET  /                                        200
GET  offline/                                 200
GET  service-worker.js                        200
GET  manifest.webmanifest                     200
GET  healthz                                  200
GET  readyz                                   200
GET  metrics                                  401 401 401 200 200
POST language/                                302
GET  texts/<str:language>/<slug:digest>.js    200
GET  drawings/                                200
GET  drawings/<uuid:public_id>/               404 200 404 404 404
GET  drawings/<uuid:public_id>/drawing.svg    404 200 404 404 404
GET  drawings/<uuid:public_id>/drawing.png    404 200 404 404 404
GET  drawings/<uuid:public_id>/picture.png    404 200 404 404 404
GET  drawings/<uuid:public_id>/card.png       404 200 404 404 404
GET  my-data/                                 200
POST my-data/                                 200
GET  my-data/<slug:file_format>/              200
GET  accounts/                                login 200 200 200 200
POST accounts/                                login 200 200 200 200
POST accounts/tokens/<int:pk>/revoke/         login 302 404 404 404
GET  accounts/login/                          200 302 302 302 302
POST accounts/login/                          200 302 302 302 302
POST accounts/logout/                         302
GET  accounts/sign-up/                        404
POST accounts/sign-up/                        404
GET  accounts/password/                       login 200 200 200 200
POST accounts/password/                       login 200 200 200 200
GET  s/<slug:token>/                          200
GET  s/<slug:token>/embed/                    200
GET  s/<slug:token>/drawing.svg               200
GET  s/<slug:token>/drawing.png               200
GET  s/<slug:token>/picture.png               200
GET  s/<slug:token>/card.png                  200
"""
API = """
POST   predict/                               200
GET    schema/                                200
GET    docs/                                  200
GET    models/active/                         200
GET    models/networks/<slug:sha256>.bin      200
GET    drawings/                              200
POST   drawings/                              201
GET    drawings/<uuid:id>/                    404 200 404 200 200
PATCH  drawings/<uuid:id>/                    404 200 404 404 200
DELETE drawings/<uuid:id>/                    404 204 404 404 204
POST   drawings/<uuid:id>/share/              404 200 404 404 404
DELETE drawings/<uuid:id>/share/              404 204 404 404 204
GET    models/                                401 403 403 200 200
GET    models/<int:version>/                  401 403 403 200 200
GET    training-runs/                         401 403 403 200 200
GET    training-runs/<int:pk>/                401 403 403 200 200
"""
# For staff without rights, and staff with every right. All others are sent to the login page.
ADMIN = """
GET  /                                        200 200
POST logout/                                  200 200
GET  dashboard/                               403 200
GET  password_change/                         200 200
GET  password_change/done/                    200 200
GET  autocomplete/                            403 403
GET  jsi18n/                                  200 200
GET  r/<path:content_type_id>/<path:object_id>/  404 404
GET  ^(?P<app_label>recognizer|auth)/$        404 200
GET  (?P<url>.*)$                             404 404
GET  auth/user/<id>/password/                 403 200
GET  recognizer/drawing/desk/                 403 200
GET  recognizer/drawing/desk/next/            403 200
GET  recognizer/drawing/desk/counts/          403 200
POST recognizer/drawing/desk/decide/          403 400
POST recognizer/drawing/desk/undo/            403 400
GET  recognizer/drawing/import/               403 200
POST recognizer/drawing/import/               403 200
GET  recognizer/drawing/replay/               403 200
GET  recognizer/drawing/<int:pk>/forget/      403 200
POST recognizer/drawing/<int:pk>/forget/      403 302
POST recognizer/drawing/<int:pk>/label/       403 302
POST recognizer/modelversion/<int:pk>/promote/  403 302
POST recognizer/modelversion/<int:pk>/judge/  403 302
POST recognizer/modelversion/roll-back/       403 302
POST recognizer/trainingrun/<int:pk>/cancel/  403 302
"""
# Django's pages for each model, and the response to staff with every right.
ROWS = """
                        list  add  history  delete  change
auth/user               200   200  200      200     200
auth/group              200   200  200      200     200
recognizer/apitoken     200   200  200      403     200
recognizer/drawing      200   403  200      200     200
recognizer/label        200   403  200      403     200
recognizer/modelversion 200   403  200      403     200
recognizer/promotion    200   403  200      403     200
recognizer/review       200   403  200      403     200
recognizer/staffact     200   403  200      403     200
recognizer/trainingrun  200   403  200      403     200
"""
LOGIN = """
GET  admin/login/                             200 200 200 302 302
POST admin/login/                             200
"""
JSON = {
    ("POST", "api/v1/predict/"): golden.body("7"),
    ("POST", "api/v1/drawings/"): golden.body("7"),
    ("PATCH", "api/v1/drawings/<uuid:id>/"): {"label": "1"},
    ("POST", "admin/recognizer/drawing/desk/decide/"): {},
    ("POST", "admin/recognizer/drawing/desk/undo/"): {},
}
FORMS = {
    ("POST", "admin/recognizer/drawing/<int:pk>/label/"): {"value": "7"},
    ("GET", "admin/recognizer/drawing/desk/next/"): {"queue": "unreviewed"},
}


def table() -> dict[tuple[str, str], list[str]]:
    """The response to each of PEOPLE, by (method, route)."""
    found = dict(_rows(PAGES, "")) | dict(_rows(API, "api/v1/")) | dict(_rows(LOGIN, ""))
    outside = ["login"] * 3
    for (method, route), inside in _rows(ADMIN, "admin/"):
        before = ["302"] * 3 if route == "admin/logout/" else outside
        found[method, route] = [*before, *inside]
    heads, *lines = [line.split() for line in ROWS.strip().splitlines()]
    for model, *statuses in lines:
        for page, status in zip(heads, statuses, strict=True):
            of_one = "" if page in {"list", "add"} else "<path:object_id>/"
            route = f"admin/{model}/{of_one}" + ("" if page == "list" else f"{page}/")
            found["GET", route] = [*outside, "403", status]
        found["GET", f"admin/{model}/<path:object_id>/"] = [*outside, "302", "302"]
    return found


def _rows(text: str, prefix: str) -> Any:
    for line in text.strip().splitlines():
        method, route, *statuses = line.split()
        wanted = statuses * (len(PEOPLE) if len(statuses) == 1 else 1)
        yield (method, prefix + route.removeprefix("/")), wanted


def patterns(within: list[Any], prefix: str = "") -> dict[str, URLPattern]:
    """Every route of the site."""
    found: dict[str, URLPattern] = {}
    for one in within:
        route = prefix + str(one.pattern)
        found |= patterns(one.url_patterns, route) if isinstance(one, URLResolver) else {route: one}
    return found


def test_every_url_and_method_is_in_the_table():
    known = patterns(get_resolver().url_patterns)
    assert {route for _, route in table()} == set(known)
    for route, pattern in known.items():
        methods = {method.upper() for method in getattr(pattern.callback, "actions", {})}
        assert methods <= {method for method, at in table() if at == route} | {"HEAD"}


def test_everybody_gets_what_the_table_says(shipped_model):
    urls, people = _site(shipped_model), _people()
    wrong, leaks = {}, []
    for (method, route), wanted in table().items():
        got = []
        for name, client in people.items():
            with transaction.atomic():
                word, body = _ask(client, method, route, urls(route))
                transaction.set_rollback(True)
            got.append(word)
            if name in {"anonymous", "other user"} and not route.startswith("s/"):
                leaks += [(name, method, route)] if PRIVATE in body else []
        if got != wanted:
            wrong[method, route] = {"wanted": wanted, "got": got}
    assert wrong == {}
    assert leaks == []


def _people() -> dict[str, Client]:
    User.objects.create_superuser("boss")
    users = [None, make_user("ada"), make_user("bob"), make_staff("grace"), make_user("boss")]
    people = {}
    for name, user in zip(PEOPLE, users, strict=True):
        people[name] = Client(raise_request_exception=False)
        if user:
            people[name].force_login(user)
    return people


def _site(version: Any) -> Any:
    """Make one row of every model; return a function that gives the URL of a route."""
    drawing = make_drawing(user=make_user("ada"), title=PRIVATE)
    run = make_run([drawing])
    token, _ = ApiToken.objects.issue(make_user("ada"), PRIVATE, ["read"])
    review = Review.objects.create(drawing=drawing, queue="unreviewed", before={}, after={})
    rows = {
        "auth/user": make_user("ada"),
        "auth/group": Group.objects.create(name="group"),
        "recognizer/apitoken": token,
        "recognizer/drawing": drawing,
        "recognizer/label": make_label(drawing),
        "recognizer/modelversion": version,
        "recognizer/promotion": Promotion.objects.get(),
        "recognizer/review": review,
        "recognizer/staffact": StaffAct.objects.create(act="export", by_name="x", via="page"),
        "recognizer/trainingrun": run,
    }
    pks = {model: str(row.pk) for model, row in rows.items()}
    values = {
        "<uuid:public_id>": drawing.public_id,
        "<uuid:id>": drawing.public_id,
        "<slug:file_format>": "json",
        "<str:language>": "de",
        "<slug:digest>": "0",
        "<slug:token>": Share.objects.create(drawing=drawing).token,
        "<slug:sha256>": version.web_sha256,
        "<int:version>": version.number,
        "<path:content_type_id>": ContentType.objects.get_for_model(Drawing).pk,
        "^(?P<app_label>recognizer|auth)/$": "recognizer/",
        "(?P<url>.*)$": "nothing-here/",
    }

    def url(route: str) -> str:
        model = re.match(r"admin/((?:recognizer|auth)/\w+)/", route)
        kinds = {
            "api/v1/training-runs/": "recognizer/trainingrun",
            "accounts/": "recognizer/apitoken",
        }
        kind = model[1] if model else next((kinds[at] for at in kinds if route.startswith(at)), "")
        pk = pks.get(kind, str(drawing.pk))
        for name in ("<int:pk>", "<path:object_id>", "<id>"):
            route = route.replace(name, pk)
        for name, value in values.items():
            route = route.replace(name, str(value))
        return f"/{route}"

    return url


def _ask(client: Client, method: str, route: str, url: str) -> tuple[str, str]:
    """The response's status, or "login", and its body."""
    json = {"data": JSON.get((method, route)), "content_type": "application/json"}
    session = dict(client.cookies)
    sent = json if (method, route) in JSON else {"data": FORMS.get((method, route), {})}
    response = getattr(client, method.lower())(url, **sent)
    client.cookies.clear()
    client.cookies.update(session)
    if response.status_code == 302 and response.url.startswith(
        ("/admin/login/", "/accounts/login/")
    ):
        return "login", ""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return str(response.status_code), body.decode(errors="replace")
