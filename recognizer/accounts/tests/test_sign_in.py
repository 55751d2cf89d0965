"""Nobody tries passwords without end, and nobody is locked out by others who do."""

from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, override_settings

from recognizer.backing import rate_limits
from recognizer.tests.factories import make_user

pytestmark = pytest.mark.django_db

PAGE, ADMIN = "/accounts/login/", "/admin/login/"
RIGHT, WRONG = "lovelace-1843", "babbage"


@pytest.fixture(autouse=True)
def _five_for_an_account_and_eight_for_an_address(monkeypatch: Any) -> Any:
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    monkeypatch.setitem(rates, "login", "5/hour")
    monkeypatch.setitem(rates, "address-login", "8/hour")


@pytest.fixture(autouse=True)
def ada() -> Any:
    user = make_user("ada", is_staff=True)
    user.set_password(RIGHT)
    user.save()
    return user


def sign_in(
    client: Client,
    password: str,
    name: str = "ada",
    address: str = "192.0.2.1",
    page: str = PAGE,
) -> Any:
    return client.post(page, {"username": name, "password": password}, REMOTE_ADDR=address)


def statuses(client: Client, times: int, **more: Any) -> list[int]:
    return [sign_in(client, WRONG, **more).status_code for _ in range(times)]


def test_after_some_failures_even_the_right_password_has_to_wait(client, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(rate_limits, "monotonic", lambda: now[0])
    assert statuses(client, 6) == [200] * 5 + [429]
    refused = sign_in(client, RIGHT)
    assert refused.status_code == 429
    assert "Too many attempts. Try again in 60 minutes." in refused.content.decode()
    assert 3590 <= int(refused["Retry-After"]) <= 3601
    now[0] += 3590
    assert "Try again in a minute." in sign_in(client, RIGHT).content.decode()
    now[0] += 11
    assert sign_in(client, RIGHT).status_code == 302


def test_attempts_that_are_refused_make_nobody_wait_longer(client, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(rate_limits, "monotonic", lambda: now[0])
    statuses(client, 5)
    for _ in range(36):
        now[0] += 100
        last = sign_in(client, RIGHT).status_code
    assert last == 302


def test_an_account_is_counted_from_all_addresses_and_however_its_name_is_written(client):
    addresses = [f"198.51.100.{number}" for number in range(6)]
    names = ["ada", "ADA", "\uff41da", "ada", "Ada", "ada"]
    found = [
        sign_in(client, WRONG, name, address).status_code
        for name, address in zip(names, addresses, strict=True)
    ]
    assert found == [200] * 5 + [429]
    assert sign_in(client, WRONG, "grace", "198.51.100.9").status_code == 200


def test_an_address_is_counted_for_all_accounts_and_a_name_that_is_not_there_is_no_different(
    client,
):
    names = [f"nobody-{number}" for number in range(8)]
    assert [sign_in(client, WRONG, name).status_code for name in names] == [200] * 8
    assert sign_in(client, RIGHT).status_code == 429
    assert statuses(client, 6, name="no-such", address="192.0.2.2") == [200] * 5 + [429]


def test_who_signs_in_is_not_counted(client):
    assert [sign_in(Client(), RIGHT).status_code for _ in range(20)] == [302] * 20


def test_a_browser_in_which_somebody_signed_in_is_not_locked_out_by_others(client):
    assert sign_in(client, RIGHT).status_code == 302
    cookie = client.cookies["known_browser"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    client.post("/admin/logout/")
    attacker = Client()
    for address in ("203.0.113.1", "192.0.2.1"):
        statuses(attacker, 9, address=address)
    assert sign_in(attacker, RIGHT).status_code == 429
    # Nor is she at the admin's page.
    assert sign_in(client, RIGHT, page=ADMIN).status_code == 302
    # It is no way around for whoever has that browser.
    client.post("/admin/logout/")
    assert statuses(client, 6) == [200] * 5 + [429]


def test_the_mark_of_a_browser_is_for_one_account_and_cannot_be_made_up(client):
    assert sign_in(client, RIGHT).status_code == 302
    client.post("/accounts/logout/")
    statuses(Client(), 5, name="grace", address="203.0.113.1")
    assert sign_in(client, WRONG, "grace", "203.0.113.2").status_code == 429
    statuses(Client(), 5, address="203.0.113.3")
    forger = Client()
    forger.cookies["known_browser"] = client.cookies["known_browser"].value[:-3] + "abc"
    assert sign_in(forger, RIGHT, address="203.0.113.4").status_code == 429


@override_settings(
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
)
def test_while_redis_is_away_each_process_counts_by_itself(client):
    assert statuses(client, 6) == [200] * 5 + [429]
    assert sign_in(Client(), RIGHT, address="203.0.113.4").status_code == 429


def test_attempts_while_the_database_is_away_are_not_counted(client):
    def away(*_: object) -> None:
        raise OperationalError("gone")

    client.raise_request_exception = False
    with connection.execute_wrapper(away):
        assert statuses(client, 9) == [503] * 9
    assert sign_in(client, RIGHT).status_code == 302


def test_both_ways_in_count_together(client):
    failed = [sign_in(client, WRONG, page=page) for page in [PAGE, ADMIN, PAGE, ADMIN, PAGE]]
    assert [one.status_code for one in failed] == [200] * 5
    for page in (ADMIN, PAGE):
        refused = sign_in(client, RIGHT, page=page)
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 3590


def test_who_is_signed_in_gets_no_mark_for_another_account(client):
    sign_in(client, RIGHT)
    mark = client.cookies["known_browser"].value
    make_user("grace")
    assert sign_in(client, WRONG, "grace").status_code == 302  # on to her own drawings
    assert client.cookies["known_browser"].value == mark


@pytest.mark.parametrize(("page", "inside"), [(PAGE, "/drawings/"), (ADMIN, "/admin/")])
def test_the_way_on_leads_to_this_site_alone(client, page, inside):
    assert client.get(page).status_code == 200
    form = {"username": "ada", "password": RIGHT}
    for wanted, way in [
        ("/my-data/", "/my-data/"),
        ("https://evil.example/", "/drawings/"),
        ("//evil.example/", "/drawings/"),
        ("/\\evil.example", "/drawings/"),
        ("javascript:alert(1)", "/drawings/"),
        ("", "/drawings/"),
    ]:
        response: Any = Client().post(page, form | {"next": wanted})
        assert response.url == way
    client.post(page, form)
    assert client.get(page).url == inside
    assert client.get(f"{PAGE}?next={PAGE}?next=/").url == "/drawings/"
