"""Anybody may have an account: drawings follow it, and other people's stay out of it."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from devtools import golden
from recognizer.accounts.forms import SignUpForm
from recognizer.api.tests.test_api import DRAWINGS
from recognizer.backing import rate_limits
from recognizer.models import Drawing, Label, StaffAct
from recognizer.tests.factories import make_drawing, make_label, make_user
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db

LOGIN, SIGN_UP, PASSWORD = "/accounts/login/", "/accounts/sign-up/", "/accounts/password/"
GOOD, BETTER = "lovelace-1843", "analytical-engine-2"


@pytest.fixture(autouse=True)
def _nobody_counted() -> Any:
    rate_limits.forget_here()
    yield
    rate_limits.forget_here()


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=GOOD)


@pytest.fixture
def open_house(settings: Any) -> None:
    settings.ALLOW_SIGN_UP = True


def sign_in(client: Client, name: str = "ada", password: str = GOOD) -> Any:
    return client.post(LOGIN, {"username": name, "password": password}, follow=True)


def sign_up(client: Client, name: str, password: str = GOOD, again: str = "") -> Any:
    form = {"username": name, "password1": password, "password2": again or password}
    return client.post(SIGN_UP, form)


def listed(client: Client) -> set[str]:
    return {row["id"] for row in client.get(DRAWINGS).json()["results"]}


def test_what_was_drawn_before_signing_in_follows_to_another_device(client, ada, shipped_model):
    stored = client.post(DRAWINGS, golden.body("7"), content_type="application/json").json()
    url = f"{DRAWINGS}{stored['id']}/"
    client.patch(url, {"label": "7"}, content_type="application/json")
    others = make_label(make_drawing())
    assert "The drawing that you saved in this browser will" in client.get(LOGIN).content.decode()
    page = sign_in(client)
    assert page.redirect_chain == [("/drawings/", 302)]
    assert "1 drawing of this browser is in your account now." in page.content.decode()
    assert listed(client) == {stored["id"]}
    phone = Client()
    sign_in(phone)
    assert listed(phone) == {stored["id"]}
    assert f"/drawings/{stored['id']}/" in phone.get("/drawings/").content.decode()
    # Said again by the same person, it is the same label.
    phone.patch(url, {"label": "7"}, content_type="application/json")
    label = Label.objects.get(drawing__user=ada)
    assert (label.given_by, label.visitor) == (ada, None)
    others.refresh_from_db()
    assert (others.drawing.user, others.given_by) == (None, None)


def test_signed_out_a_browser_shows_nothing_of_the_account(client, ada):
    make_drawing(user=ada)
    sign_in(client)
    assert len(listed(client)) == 1
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").url == "/"
    assert listed(client) == set()
    assert client.get("/accounts/").status_code == 302


def test_the_session_is_another_after_signing_in_and_after_signing_up(client, ada, open_house):
    for enter in (sign_in, lambda person: sign_up(person, "grace")):
        person = Client()
        sign_in_as_visitor(person)
        planted = person.cookies["sessionid"].value
        enter(person)
        assert person.cookies["sessionid"].value != planted
        # Whoever planted it has nothing of it.
        thief = Client()
        thief.cookies["sessionid"] = planted
        assert thief.get("/accounts/").status_code == 302


@pytest.mark.parametrize("page", [LOGIN, SIGN_UP, "/accounts/logout/", PASSWORD, "/accounts/"])
def test_every_form_is_guarded_against_forgery(ada, open_house, page):
    strict = Client(enforce_csrf_checks=True)
    if page in {"/accounts/logout/", PASSWORD, "/accounts/"}:
        strict.force_login(ada)
    assert strict.post(page, {}).status_code == 403


def test_people_make_no_accounts_unless_the_site_lets_them(client):
    assert client.get(SIGN_UP).status_code == 404
    assert sign_up(client, "grace").status_code == 404
    assert (
        SIGN_UP
        not in client.get(LOGIN).content.decode() + client.get("/drawings/").content.decode()
    )
    assert not User.objects.exists()


def test_who_makes_an_account_is_in_it_with_what_they_drew(client, open_house):
    visitor = sign_in_as_visitor(client)
    drawing = Drawing.objects.get(pk=make_drawing().pk)
    Drawing.objects.filter(pk=drawing.pk).update(visitor=visitor)
    assert SIGN_UP in client.get("/drawings/").content.decode()
    assert sign_up(client, "grace").url == "/drawings/"
    user = User.objects.get()
    assert (user.username, user.is_staff, user.is_superuser) == ("grace", False, False)
    assert listed(client) == {str(drawing.public_id)}
    assert client.get(SIGN_UP).url == "/accounts/"
    assert client.get("/admin/").url.startswith("/admin/login/")
    assert not StaffAct.objects.exists()


@pytest.mark.parametrize(
    ("name", "password", "again", "words"),
    [
        ("ADA", GOOD, GOOD, "already exists"),
        ("a da", GOOD, GOOD, "valid username"),
        ("grace", "12345678", "12345678", "entirely numeric"),
        ("grace", "password", "password", "too common"),
        ("grace", "short", "short", "too short"),
        ("grace-hopper", "grace-hopper", "grace-hopper", "too similar"),
        ("grace", GOOD, BETTER, "two password fields"),
    ],
)
def test_an_account_that_makes_no_sense_is_not_made(
    client, ada, open_house, name, password, again, words
):
    response = sign_up(client, name, password, again)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert User.objects.get() == ada


def test_of_two_who_take_one_name_at_once_the_slower_is_told(rf):
    form = SignUpForm(rf.post(SIGN_UP), {"username": "ada", "password1": GOOD, "password2": GOOD})
    assert form.is_valid()
    make_user("ada")
    assert form.make() is None
    assert "already exists" in str(form.errors["username"])


def test_rights_cannot_be_asked_for(client, open_house):
    form = {"username": "grace", "password1": GOOD, "password2": GOOD}
    client.post(SIGN_UP, form | {"is_staff": "on", "is_superuser": "on"})
    assert not User.objects.get().is_staff


def test_only_so_many_accounts_are_made_from_one_address(open_house, monkeypatch):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    monkeypatch.setitem(rates, "address-sign-up", "2/hour")
    answers = [sign_up(Client(), f"user-{number}") for number in range(3)]
    assert [one.status_code for one in answers] == [302, 302, 429]
    assert int(answers[2]["Retry-After"]) > 3500
    assert User.objects.count() == 2
    assert sign_up(Client(REMOTE_ADDR="192.0.2.9"), "grace").status_code == 302


def change(client: Client, old: str, new: str = BETTER) -> Any:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(PASSWORD, form)


def test_a_new_password_signs_out_everywhere_else(client, ada):
    phone = Client()
    sign_in(client)
    sign_in(phone)
    assert change(client, GOOD).url == "/accounts/"
    assert "Your password has been changed." in client.get("/accounts/").content.decode()
    assert phone.get("/accounts/").status_code == 302
    assert sign_in(phone, password=GOOD).redirect_chain == []
    assert sign_in(phone, password=BETTER).redirect_chain
    assert not StaffAct.objects.exists()
    User.objects.update(is_staff=True)
    change(client, BETTER, GOOD)
    assert [(act.act, act.what) for act in StaffAct.objects.all()] == [
        ("account", "user ada: own password")
    ]


def test_nobody_guesses_the_old_password_at_an_open_browser(client, ada, monkeypatch):
    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "login", "3/hour")
    sign_in(client)
    assert [change(client, "guess").status_code for _ in range(3)] == [200] * 3
    assert change(client, GOOD).status_code == 429
    ada.refresh_from_db()
    assert ada.check_password(GOOD)
    # And is not kept out by who tries it there.
    assert sign_in(Client()).redirect_chain


def test_the_way_to_the_account_is_at_the_foot_and_not_in_the_head(client):
    for path in ("/", "/drawings/", "/nothing/"):
        html = client.get(path).content.decode()
        assert "/accounts/" not in html.split("<main")[0]
        assert 'href="/accounts/"' in html.split("<footer")[1]
    assert client.get("/accounts/").url == f"{LOGIN}?next=/accounts/"


def test_pages_of_an_account_are_kept_by_nobody(client, ada, open_house):
    pages = [client.get(page) for page in (LOGIN, SIGN_UP)]
    client.force_login(ada)
    pages += [client.get(page) for page in ("/accounts/", PASSWORD)]
    for page in pages:
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
