"""A database outage: what is retried, and which errors users see.

`make test-faults` and `make soak` kill a real one.
"""

import io
import select
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client

from devtools import golden
from recognizer.backing.outages import outlast
from recognizer.models import Drawing


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


class Away:
    """A database that fails every statement, or those with a given beginning."""

    def __init__(self, beginning: str = "", error: type[Exception] = OperationalError) -> None:
        self._beginning, self._error = beginning, error

    def __call__(self, execute: Any, sql: str, *others: Any) -> Any:
        if sql.startswith(self._beginning):
            raise self._error("on purpose")
        return execute(sql, *others)


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (ValueError, 500)])
@pytest.mark.parametrize("path", ["/drawings/", "/admin/", "/admin/recognizer/drawing/"])
def test_a_page_says_whether_it_failed_for_want_of_a_database(
    path: str, error: type[Exception], status: int
) -> None:
    reader = Client(raise_request_exception=False)
    reader.force_login(User.objects.create_superuser("ada"))
    with connection.execute_wrapper(Away(error=error)):
        answer = reader.get(path)
    assert answer.status_code == status
    assert ("database cannot be reached" in answer.content.decode()) == (status == 503)
    assert answer.get("Retry-After") == ("5" if status == 503 else None)


@pytest.mark.django_db
def test_without_a_database_the_api_reads_and_says_why_it_does_no_more(shipped_model: Any) -> None:
    client, body = Client(raise_request_exception=False), golden.body("7")
    client.post("/api/v1/drawings/", body, content_type="application/json")
    with connection.execute_wrapper(Away()):
        read = client.post("/api/v1/predict/", body, content_type="application/json")
        others = [
            client.post("/api/v1/drawings/", body, content_type="application/json"),
            client.get("/api/v1/drawings/"),
            client.get("/api/v1/models/active/"),
            client.get("/api/v1/models/active/", headers={"authorization": "Bearer hwr_x"}),
        ]
    assert (read.status_code, read.json()["text"]) == (200, "7")
    for answer in others:
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "database cannot be reached" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_database_that_dies_before_the_session_is_saved_is_no_fault_of_the_client(
    shipped_model: Any,
) -> None:
    client = Client(raise_request_exception=False)
    session = client.session  # an existing session that does not belong to a visitor yet
    session["known"] = True
    session.save()
    send = {"data": golden.body("7"), "content_type": "application/json"}
    with connection.execute_wrapper(Away('UPDATE "django_session"')):
        answer = client.post("/api/v1/drawings/", **send)  # type: ignore[arg-type]
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "database cannot be reached" in answer.json()["detail"]
    # A session deleted in the meantime is still the client's fault.
    delete = Session.objects.filter(session_key=session.session_key).delete

    def deleted_meanwhile(execute: Any, sql: str, *others: Any) -> Any:
        if sql.startswith('UPDATE "django_session"'):
            delete()
        return execute(sql, *others)

    with connection.execute_wrapper(deleted_meanwhile):
        assert client.post("/api/v1/drawings/", **send).status_code == 400  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_a_save_whose_commit_was_lost_is_found_by_its_key(shipped_model: Any) -> None:
    client = Client(raise_request_exception=False)
    headers = {"Idempotency-Key": "6a1f0f6e-6d0e-4d0b-9d0a-0d8f3a1f5b11"}

    def send() -> Any:
        return client.post(
            "/api/v1/drawings/", golden.body("7"), content_type="application/json", headers=headers
        )

    # The drawing is stored, but the session and the response are lost.
    with connection.execute_wrapper(Away('INSERT INTO "django_session"')):
        assert send().status_code == 503
    assert not client.cookies
    again = send()
    assert (again.status_code, again.json()["id"]) == (200, str(Drawing.objects.get().public_id))
    assert len(client.get("/api/v1/drawings/").json()["results"]) == 1


def ask() -> str:
    """The status of a request that, as on a server, checks the database connection first."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/v1/models/active/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    statuses: list[str] = []
    # Django's test client would skip the check of connections.
    start: Any = lambda status, _: statuses.append(status)  # noqa: E731
    get_wsgi_application()(environ, start).close()
    return statuses[0]


def end_connection() -> None:
    """Make the server close the connection, as it does when it dies."""
    killer = connection.copy()
    with connection.cursor() as cursor, killer.cursor() as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
    killer.close()
    assert select.select([connection.connection], [], [], 10)[0]  # it has ended by now


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_connection_that_died_between_two_requests_is_made_anew(shipped_model: Any) -> None:
    assert ask() == "200 OK"
    end_connection()
    assert ask() == "200 OK"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_connection_that_died_in_a_request_is_made_anew_for_the_next(shipped_model: Any) -> None:
    assert ask() == "200 OK"
    end_connection()
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.connection.closed
    assert ask() == "200 OK"
