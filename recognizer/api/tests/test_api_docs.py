"""What the API docs page tells: every call has a summary and a subject, and its examples work."""

from typing import Any

import pytest
from django.test import Client

from recognizer.api.tests.test_api import DRAWINGS, PREDICT, answer, post, saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]


@pytest.fixture
def document(client: Client) -> Any:
    return answer(client.get("/api/v1/schema/", headers={"accept": "application/json"}))


def operations_of(document: Any) -> list[Any]:
    return [one for methods in document["paths"].values() for one in methods.values()]


def examples_of(operation: Any) -> dict[str, Any]:
    """The JSON bodies that Swagger UI offers, by name."""
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in examples.items()}


def test_every_call_has_a_short_summary_and_a_description(document: Any) -> None:
    for operation in operations_of(document):
        assert 0 < len(operation["summary"]) <= 40
        assert not operation["summary"].endswith(".")
        assert operation["description"].endswith(".")


def test_every_call_belongs_to_one_subject_and_every_subject_is_described(document: Any) -> None:
    tags = [operation["tags"] for operation in operations_of(document)]
    assert all(len(one) == 1 for one in tags)
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert {name for (name,) in tags} == described


def test_every_parameter_is_described(document: Any) -> None:
    for operation in operations_of(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (operation["operationId"], parameter["name"])


def test_every_call_with_a_body_has_examples(document: Any) -> None:
    for operation in operations_of(document):
        if "requestBody" in operation:
            assert examples_of(operation), operation["operationId"]


def test_every_example_of_a_prediction_is_read(client: Client, document: Any) -> None:
    examples = examples_of(document["paths"][PREDICT]["post"])
    read = {name: answer(post(client, PREDICT, body)) for name, body in examples.items()}
    assert read["Strokes"]["text"] == "7"
    assert read["Picture"]["text"] == "4"
    assert [one["text"] for one in read["Batch"]["items"]] == ["7", "1", "4"]


def test_every_example_of_a_drawing_is_saved(client: Client, document: Any) -> None:
    examples = examples_of(document["paths"][DRAWINGS]["post"])
    assert set(examples) == {"Strokes", "Picture"}
    for body in examples.values():
        answer(post(client, DRAWINGS, body), 201)


def test_every_example_of_a_change_is_accepted(client: Client, document: Any) -> None:
    url = f"{DRAWINGS}{saved(client)['id']}/"
    for body in examples_of(document["paths"][f"{DRAWINGS}{{id}}/"]["patch"]).values():
        answer(client.patch(url, body, content_type="application/json"))


def test_a_picture_to_upload_is_a_file(document: Any) -> None:
    for path in (PREDICT, DRAWINGS):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        name = content["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]
        image = document["components"]["schemas"][name]["properties"]["image"]
        assert image["format"] == "binary"
