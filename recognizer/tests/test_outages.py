"""Waiting for a database that is away; test_faults.py kills a real one."""

import time

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client

from recognizer.outages import outlast


def test_what_is_done_while_the_database_is_away_is_done_again() -> None:
    away = [OperationalError("gone"), InterfaceError("gone")]

    def act() -> str:
        if away:
            raise away.pop()
        return "done"

    assert outlast(act, seconds=5) == "done"


def test_a_database_that_stays_away_is_given_up() -> None:
    def act() -> None:
        raise OperationalError("gone")

    started = time.monotonic()
    with pytest.raises(OperationalError):
        outlast(act, seconds=0.2)
    assert 0.2 <= time.monotonic() - started < 5


def test_what_a_database_refuses_is_not_tried_again() -> None:
    tries = []

    def act() -> None:
        tries.append(1)
        raise IntegrityError("taken")

    with pytest.raises(IntegrityError):
        outlast(act, seconds=5)
    assert len(tries) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (ValueError, 500)])
def test_a_page_says_whether_it_failed_for_want_of_a_database(
    error: type[Exception], status: int
) -> None:
    def fail(*_: object) -> None:
        raise error("on purpose")

    reader = Client(raise_request_exception=False)
    reader.force_login(User.objects.create_user("ada"))
    with connection.execute_wrapper(fail):
        answer = reader.get("/drawings/")
    assert answer.status_code == status
    assert ("database cannot be reached" in answer.content.decode()) == (status == 503)
