"""My drawings: labelled again and deleted."""

import pytest
from playwright.sync_api import Page, expect

from devtools.hands import draw_with_mouse
from recognizer.models import Drawing

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


@pytest.fixture
def history_page(draw_page, live_server) -> Page:
    """My drawings, with one drawing on it."""
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    draw_page.goto(f"{live_server.url}/drawings/")
    return draw_page


def test_a_saved_drawing_is_labelled_on_the_history_page(history_page):
    card = history_page.get_by_test_id("drawing")
    card.get_by_role("button", name="Correct").click()
    history_page.locator("#correct-dialog #correct-4").click()
    expect(card).to_contain_text("Labelled 4 · waiting for review")
    history_page.reload()
    expect(card).to_contain_text("Labelled 4 · waiting for review")


def test_a_saved_drawing_is_deleted_only_after_a_question(history_page):
    card = history_page.get_by_test_id("drawing")
    card.get_by_role("button", name="Delete").click()
    history_page.locator("#delete-cancel").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name="Delete").click()
    history_page.locator("#delete-confirm").click()
    expect(history_page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    assert not Drawing.objects.exists()


def test_a_deletion_that_fails_is_told_and_the_drawing_stays(history_page, cut_off):
    cut_off("**/api/v1/drawings/*/")
    history_page.get_by_role("button", name="Delete").first.click()
    history_page.locator("#delete-confirm").click()
    expect(history_page.locator("#toasts")).to_contain_text("Not deleted")
    expect(history_page.get_by_test_id("drawing")).to_be_visible()
    assert Drawing.objects.count() == 1
