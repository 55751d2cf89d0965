"""How often anybody may call, counted by all processes together."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.test import Client

from devtools import golden
from mnist_site.env import BASE_DIR
from recognizer.api.tests.test_api import DRAWINGS, PREDICT, post
from recognizer.api.throttles import Throttle
from recognizer.backing import rate_limits
from recognizer.backing.rate_limits import RateLimit, network_of
from recognizer.models import ApiToken
from recognizer.tests.factories import make_user
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db

BODY = golden.body("7")


@pytest.fixture
def in_valkey(valkey_url: str, settings: Any) -> redis.Redis:
    """Counters in a real Valkey, empty at first."""
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": valkey_url, "KEY_PREFIX": "t"}}
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    return client


def rates(monkeypatch: Any, **wanted: str) -> None:
    for name, rate in wanted.items():
        monkeypatch.setitem(Throttle.THROTTLE_RATES, name.replace("_", "-"), rate)


def tries(client: Client, times: int, url: str = DRAWINGS, **more: Any) -> list[int]:
    return [client.get(url, **more).status_code for _ in range(times)]


@pytest.mark.services
def test_no_count_is_lost_among_processes(in_valkey):
    rate_limit = RateLimit("x", most=50, seconds=60)
    barrier = threading.Barrier(8)

    def take_many(_: int) -> int:
        barrier.wait()
        return sum(rate_limits.take([rate_limit]) is None for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take_many, range(8))) == 50


@pytest.mark.services
def test_all_counters_cost_one_round_trip(in_valkey):
    both = [RateLimit("x", 5, 60), RateLimit("y", 5, 60)]
    rate_limits.take(both)
    in_valkey.config_resetstat()
    rate_limits.take(both)
    calls = {
        name.split("_")[1]: one["calls"] for name, one in in_valkey.info("commandstats").items()
    }
    # What the script does is counted too.
    assert calls.pop("evalsha") == 1
    assert set(calls) <= {"get", "incrby", "info", "config|resetstat"}
    assert calls["incrby"] == 2


@pytest.mark.services
def test_where_one_counter_is_full_no_other_is_raised_and_the_wait_is_the_windows_rest(in_valkey):
    full, other = RateLimit("x", 1, 30), RateLimit("y", 1, 3600)
    assert rate_limits.take([full]) is None
    wait = rate_limits.take([full, other])
    assert wait is not None
    assert 28 < wait <= 30
    assert rate_limits.take([other]) is None
    assert 3598 < (rate_limits.take([full, other]) or 0) <= 3600
    for key in in_valkey.scan_iter():
        assert 0 < in_valkey.pttl(key) <= 3_600_000


@pytest.mark.services
def test_several_are_counted_at_once_or_none_of_them(in_valkey):
    rate_limit = RateLimit("x", 10, 30)
    assert rate_limits.take([rate_limit], 11) == 30
    assert rate_limits.take([rate_limit], 8) is None
    assert rate_limits.take([rate_limit], 3) is not None
    assert rate_limits.take([rate_limit], 2) is None
    assert rate_limits.take([rate_limit]) is not None


@pytest.mark.services
def test_what_is_given_back_is_free_again_and_a_count_ends_by_itself(in_valkey):
    rate_limit = RateLimit("x", 1, 30)
    rate_limits.give_back([rate_limit])
    assert rate_limits.take([rate_limit]) is None
    rate_limits.give_back([rate_limit])
    assert rate_limits.take([rate_limit]) is None
    assert rate_limits.take([rate_limit]) is not None
    for key in in_valkey.scan_iter():
        in_valkey.pexpire(key, 1)
    time.sleep(0.02)
    assert rate_limits.take([rate_limit]) is None


def test_without_redis_one_process_counts_the_same(monkeypatch):
    assert "Redis" not in type(caches["default"]).__name__
    now = [1000.0]
    monkeypatch.setattr(rate_limits, "monotonic", lambda: now[0])
    one, two = RateLimit("x", 2, 60), RateLimit("y", 1, 60)
    assert [rate_limits.take([one]) for _ in range(2)] == [None, None]
    now[0] += 20
    assert rate_limits.take([one, two]) == 40
    assert rate_limits.take([two]) is None
    rate_limits.give_back([one])
    assert rate_limits.take([one]) is None
    now[0] += 40
    assert rate_limits.take([one]) is None


def counters_at(url: str) -> dict[str, Any]:
    backend = "django.core.cache.backends.redis.RedisCache"
    options = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}
    return {"default": {"BACKEND": backend, "LOCATION": url, "KEY_PREFIX": "t", "OPTIONS": options}}


@pytest.mark.services
def test_while_redis_is_away_each_process_counts_and_then_all_together_again(
    in_valkey, valkey_url, settings, monkeypatch, client
):
    now = [1000.0]
    monkeypatch.setattr(rate_limits, "monotonic", lambda: now[0])
    rates(monkeypatch, api="2/min", address_api="10/min")
    client.get("/")
    assert tries(client, 1) == [200]
    settings.CACHES = counters_at("redis://127.0.0.1:9/0")
    assert tries(client, 3) == [200, 200, 429]
    assert "Retry-After" in client.get(DRAWINGS)
    settings.CACHES = counters_at(valkey_url)
    assert tries(client, 1) == [429]  # nobody looks yet
    now[0] += rate_limits.SECONDS_LEFT_ALONE
    assert tries(client, 2) == [200, 429]  # of one before, the other counters knew


def test_a_redis_that_hangs_holds_up_one_request_now_and_then(settings):
    rate_limit = RateLimit("x", most=100, seconds=60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHES = counters_at(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert rate_limits.take([rate_limit]) is None
        started = time.monotonic()
        assert [rate_limits.take([rate_limit]) for _ in range(98)] == [None] * 98
        assert time.monotonic() - started < 0.3
        # When it is due, one thread finds out, and the others go on.
        rate_limits._ask_again_at = 0.0
        with ThreadPoolExecutor(8) as pool:
            started = time.monotonic()
            found = pool.map(lambda _: (rate_limits.take([rate_limit]), time.monotonic()), range(8))
            waited = [ended - started for _, ended in found]
    assert sum(seconds >= 0.3 for seconds in waited) == 1
    assert rate_limits.take([rate_limit]) is not None  # none was lost meanwhile


def test_one_session_does_not_use_up_what_others_behind_its_address_have(monkeypatch, client):
    rates(monkeypatch, api="2/min", address_api="5/min")
    for visitor in (client, other := Client()):
        visitor.get("/")
    assert tries(client, 3) == [200, 200, 429]
    assert tries(other, 2) == [200, 200]
    # A made-up session is a new caller, but the address has only so many calls in all.
    made_up = [Client() for _ in range(3)]
    for number, forger in enumerate(made_up):
        forger.cookies["sessionid"] = f"{number}" * 32
    assert [forger.get(DRAWINGS).status_code for forger in made_up] == [200, 429, 429]
    assert tries(Client(), 1, REMOTE_ADDR="10.0.0.9") == [200]


def test_a_user_is_one_caller_in_every_browser(monkeypatch):
    rates(monkeypatch, api="2/min")
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(make_user())
    assert [browser.get(DRAWINGS).status_code for browser in browsers * 2] == [200, 200, 429, 429]


def test_a_token_has_a_rate_of_its_own(monkeypatch, client):
    rates(monkeypatch, api="1/min", token_api="3/min")
    user = make_user()
    clients = [
        Client(headers={"authorization": f"Bearer {secret}"})
        for _, secret in (ApiToken.objects.issue(user, "x", ["read"]) for _ in range(2))
    ]
    assert [tries(one, 4) for one in clients] == [[200, 200, 200, 429]] * 2


def test_the_wait_that_is_named_is_enough(monkeypatch, client, shipped_model):
    now = [1000.0]
    monkeypatch.setattr(rate_limits, "monotonic", lambda: now[0])
    rates(monkeypatch, predict="1/min", address_predict="2/hour")
    assert post(client, PREDICT, BODY).status_code == 200
    now[0] += 12.5
    refused = post(client, PREDICT, BODY)
    assert (refused.status_code, refused["Retry-After"]) == (429, "48")
    now[0] += int(refused["Retry-After"])
    assert post(client, PREDICT, BODY).status_code == 200
    refused = post(client, PREDICT, BODY)
    assert int(refused["Retry-After"]) > 3000


def test_each_kind_of_call_is_counted_by_itself(monkeypatch, client, shipped_model):
    rates(monkeypatch, save="1/min", api="1/min")
    sign_in_as_visitor(client)
    assert [post(client, DRAWINGS, BODY).status_code for _ in range(2)] == [201, 429]
    assert tries(client, 2) == [200, 429]


def test_the_document_itself_is_throttled(monkeypatch, client):
    rates(monkeypatch, api="1/min")
    assert tries(client, 2, "/api/v1/schema/") == [200, 429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_of_ipv6_a_whole_customer_is_one_address(address, counted):
    assert network_of(address) == counted


def test_no_counter_names_whom_it_counts():
    rate_limit = rate_limits.rate_limit("5/min", "login", "account", "ada")
    assert (rate_limit.most, rate_limit.seconds) == (5, 60)
    assert "ada" not in rate_limit.name
    assert rate_limit.name != rate_limits.rate_limit("5/min", "login", "account", "bob").name


def test_an_address_may_more_often_than_one_session():
    defaults = (BASE_DIR / ".env.example").read_text()
    for kind in ("PREDICT", "SAVE", "API"):
        one, address = (
            int(defaults.split(f"\nTHROTTLE_{name}{kind}=")[1].split("/")[0])
            for name in ("", "ADDRESS_")
        )
        assert address >= 10 * one
