"""A drawing that is sent again is stored once."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from devtools import golden
from ml.drawing.tests.pictures import encoded, picture_of
from recognizer.accounts.pseudonyms import account_of
from recognizer.models import Drawing
from recognizer.tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

DRAWINGS = "/api/v1/drawings/"
KEY = "6a1f0f6e-6d0e-4d0b-9d0a-0d8f3a1f5b11"


def send(client: Client, digit: str = "7", key: str = KEY, **headers: str) -> Any:
    return client.post(
        DRAWINGS,
        golden.body(digit),
        content_type="application/json",
        headers={"Idempotency-Key": key} | headers,
    )


def test_the_same_drawing_sent_again_is_stored_once(client: Client) -> None:
    first, again = send(client), send(client, key=f'"{KEY.upper()}"')
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert client.get(f"{DRAWINGS}{first.json()['id']}/").json() == first.json()
    assert send(client, key=str(uuid.uuid4())).status_code == 201
    assert Drawing.objects.count() == 2


def test_a_picture_sent_again_is_stored_once(client: Client) -> None:
    picture = encoded(picture_of("4"))

    def upload() -> Any:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("four.png", picture)
        return client.post(DRAWINGS, {"image": file}, headers={"Idempotency-Key": KEY})

    assert (upload().status_code, upload().status_code) == (201, 200)
    assert Drawing.objects.count() == 1


def test_a_key_is_for_one_drawing(client: Client) -> None:
    send(client, "7")
    other = send(client, "3")
    assert other.status_code == 422
    assert "another drawing" in other.json()["detail"]
    assert Drawing.objects.count() == 1


def test_a_key_of_another_drawing_opens_no_session(client: Client) -> None:
    send(client, "7")
    stranger = Client()
    assert send(stranger, "3").status_code == 422
    assert not stranger.cookies


@pytest.mark.parametrize("key", ["", "seven", "7" * 4000, KEY + "0", "\u00e9" * 36])
def test_a_key_that_is_no_uuid_is_refused(client: Client, key: str) -> None:
    response = send(client, key=key)
    assert response.status_code == 400
    assert response.json() == {"Idempotency-Key": "Expected a UUID."}
    assert not Drawing.objects.exists()


def test_the_first_drawing_of_all_is_still_theirs_after_its_answer_was_lost() -> None:
    """With the answer the session was lost that it would have begun."""
    send(Client())
    again = Client()
    response = send(again)
    assert response.status_code == 200
    assert again.get(f"{DRAWINGS}{response.json()['id']}/").status_code == 200
    assert Drawing.objects.count() == 1


def test_who_got_a_session_or_signed_in_meanwhile_finds_it_there(client: Client) -> None:
    send(Client())
    send(client, "3", key=str(uuid.uuid4()))
    assert send(client).status_code == 200
    assert len(client.get(DRAWINGS).json()["results"]) == 2
    ada = Client()
    ada.force_login(make_user("ada"))
    assert send(ada).status_code == 200
    assert Drawing.objects.get(save_key=KEY).user == make_user("ada")
    assert len(client.get(DRAWINGS).json()["results"]) == 1


def test_a_signed_in_persons_key_is_nothing_to_others(client: Client) -> None:
    client.force_login(make_user("ada"))
    send(client)
    bob = Client()
    bob.force_login(make_user("bob"))
    for stranger in (bob, Client()):
        response = send(stranger)
        assert response.status_code == 422
        assert set(response.json()) == {"detail"}
        assert stranger.get(DRAWINGS).json()["results"] == []
    assert Drawing.objects.get().user == make_user("ada")


def test_what_somebody_drew_while_signed_in_is_stored_as_theirs_or_not_at_all(
    client: Client,
) -> None:
    ada, bob = make_user("ada"), make_user("bob")
    drawn_by = {"Drawn-By": account_of(ada)}
    assert send(client, **drawn_by).status_code == 409
    client.force_login(bob)
    assert send(client, **drawn_by).status_code == 409
    assert not Drawing.objects.exists()
    client.force_login(ada)
    assert send(client, **drawn_by).status_code == 201
    assert account_of(ada) != account_of(bob)


def test_an_anonymous_drawing_may_be_sent_after_signing_in(client: Client) -> None:
    client.force_login(make_user("ada"))
    assert send(client, **{"Drawn-By": ""}).status_code == 201


def test_a_key_is_forgotten_with_its_drawing(client: Client) -> None:
    drawing = send(client).json()["id"]
    assert client.delete(f"{DRAWINGS}{drawing}/").status_code == 204
    assert send(client).status_code == 201


def test_the_key_is_among_ones_data(client: Client) -> None:
    send(client)
    kept = json.loads(client.get("/my-data/json/").getvalue())
    assert [drawing["idempotency_key"] for drawing in kept["drawings"]] == [KEY]


def test_the_openapi_document_tells_of_the_key(client: Client) -> None:
    schema = client.get("/api/v1/schema/", headers={"accept": "application/json"}).json()
    operation = schema["paths"][DRAWINGS]["post"]
    (key,) = (one for one in operation["parameters"] if one["name"] == "Idempotency-Key")
    assert (key["in"], key["schema"]) == ("header", {"type": "string", "format": "uuid"})
    assert set(operation["responses"]) >= {"200", "201", "409", "422"}


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_stored_and_all_get_it() -> None:
    clients, together = 4, threading.Barrier(4)

    def hurry(_: int) -> tuple[int, str]:
        try:
            together.wait()
            response = send(Client())
            return response.status_code, response.json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(clients) as crowd:
        answers = list(crowd.map(hurry, range(clients)))
    assert sorted(code for code, _ in answers) == [200, 200, 200, 201]
    assert {drawing for _, drawing in answers} == {str(Drawing.objects.get().public_id)}
