"""A drawing is saved and corrected on the drawing page."""

import pytest
from playwright.sync_api import expect

from devtools.hands import DASH, answer, draw_with_mouse, expect_noted
from recognizer.models import Drawing, Label
from recognizer.tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def test_a_drawing_is_saved_and_corrected(draw_page):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    expect(draw_page.locator("#save")).to_be_disabled()
    draw_page.locator("#correct-no").click()
    draw_page.locator("#correct-1").click()
    expect_noted(draw_page, "a 1")
    assert Drawing.objects.get().source == Drawing.Source.CANVAS
    assert Label.objects.get().value == "1"


def test_yes_confirms_what_was_read(draw_page):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#correct-read")).to_have_text("7")
    draw_page.locator("#correct-yes").click()
    expect_noted(draw_page, "a 7")
    assert Label.objects.get().value == "7"


def test_a_drawing_can_be_called_not_a_digit(draw_page):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    draw_page.locator("#correct-no").click()
    draw_page.locator("#correct-not-a-digit").click()
    expect_noted(draw_page, "“not a digit”")
    assert Label.objects.get().value == "not a digit"


def test_what_was_refused_is_asked_about_at_once(draw_page):
    draw_with_mouse(draw_page, DASH)
    expect(answer(draw_page)).to_contain_text("not look like a digit")
    draw_page.locator("#save").click()
    expect(draw_page.locator("#correct-question")).to_be_hidden()
    draw_page.locator("#correct-1").click()
    expect_noted(draw_page, "a 1")
    assert Label.objects.get().value == "1"


def test_a_signed_in_person_saves_too(draw_page, client, live_server):
    client.force_login(make_user("ada"))
    session = client.cookies["sessionid"].value
    draw_page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    draw_page.reload()
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    assert Drawing.objects.get().user == make_user("ada")


def test_drawing_on_after_a_save_can_be_saved_again_and_undone_to_what_was_saved(draw_page):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    draw_with_mouse(draw_page, DASH)
    expect(draw_page.locator("#save")).to_be_enabled()
    expect(draw_page.locator("#correction")).to_be_hidden()
    draw_page.keyboard.press("Control+Z")
    expect(draw_page.locator("#save")).to_be_disabled()
    expect(draw_page.locator("#correction")).to_be_visible()


def test_a_save_that_is_refused_is_told_and_can_be_tried_again(draw_page, answer_with):
    answer_with("**/api/v1/drawings/", 400)
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#toasts")).to_contain_text("Not saved")
    draw_page.unroute_all()
    draw_page.locator("#save").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    assert Drawing.objects.count() == 1


def test_a_correction_that_is_refused_is_told_and_can_be_tried_again(draw_page, answer_with):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#correct-yes")).to_be_visible()
    answer_with("**/api/v1/drawings/*/", 400)
    draw_page.locator("#correct-yes").click()
    expect(draw_page.locator("#toasts")).to_contain_text("Your answer was not saved")
    draw_page.unroute_all()
    draw_page.locator("#correct-yes").click()
    expect_noted(draw_page, "a 7")


def test_a_correction_that_finds_no_server_is_sent_later(draw_page, answer_with):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#correct-yes")).to_be_visible()
    answer_with("**/api/v1/drawings/*/", 503)
    draw_page.locator("#correct-yes").click()
    expect_noted(draw_page, "a 7")
    expect(draw_page.get_by_test_id("waiting")).to_contain_text("1 correction is kept")
    draw_page.unroute_all()
    draw_page.get_by_role("button", name="Send now").click()
    expect(draw_page.get_by_test_id("waiting")).to_be_hidden()
    assert Label.objects.get().value == "7"
