"""The API docs page in a real browser: its examples work when one presses Execute."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from ml.drawing.tests.pictures import encoded, picture_of
from recognizer.models import Drawing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


@pytest.fixture
def docs(page: Page, live_server) -> Iterator[Page]:
    """The docs page, open; the test fails if the browser's console has an error at its end."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/api/v1/docs/")
    yield page
    assert complaints == []


def try_out(docs: Page, summary: str) -> Locator:
    operation = docs.locator(".opblock", has_text=summary)
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def execute(operation: Locator) -> str:
    """The status that Swagger UI shows after pressing Execute."""
    operation.get_by_role("button", name="Execute").click()
    status = operation.locator(".live-responses-table .response-col_status").last
    expect(status).to_have_text(re.compile(r"^\d{3}"))
    return status.inner_text()[:3]


def executed(operation: Locator, name: str) -> str:
    """The status of that example."""
    if operation.get_by_role("button", name="Clear").is_visible():
        operation.get_by_role("button", name="Clear").click()
    operation.locator(".examples-select select").select_option(label=name)
    return execute(operation)


def test_calls_are_grouped_by_subject(docs: Page) -> None:
    subjects = ["Predictions", "Drawings", "Sharing", "Model versions", "Training runs"]
    expect(docs.locator(".opblock-tag > a")).to_have_text(subjects)


@pytest.mark.parametrize("name", ["Strokes", "Picture", "Batch"])
def test_every_example_of_a_prediction_works(docs: Page, name: str) -> None:
    operation = try_out(docs, "Read one drawing or a batch")
    assert executed(operation, name) == "200"


@pytest.mark.parametrize("name", ["Strokes", "Picture"])
def test_every_example_of_a_drawing_works(docs: Page, name: str) -> None:
    operation = try_out(docs, "Save a drawing")
    assert executed(operation, name) == "201"
    assert Drawing.objects.count() == 1


def test_a_picture_can_be_chosen_as_a_file(docs: Page) -> None:
    operation = try_out(docs, "Read one drawing or a batch")
    operation.locator(".opblock-section-request-body .content-type").select_option(
        "multipart/form-data"
    )
    file = FilePayload(name="4.png", mimeType="image/png", buffer=encoded(picture_of("4")))
    operation.locator("input[type=file]").set_input_files(file)
    assert execute(operation) == "200"


def test_nothing_is_wider_than_a_phone(docs: Page) -> None:
    docs.set_viewport_size({"width": 390, "height": 800})
    assert execute(try_out(docs, "Save a drawing")) == "201"
    wide = docs.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
