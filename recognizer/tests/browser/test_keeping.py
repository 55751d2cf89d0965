"""A drawing outlives a reload, a turned phone and a finer screen."""

import pytest
from playwright.sync_api import expect

from devtools.hands import DASH, SEVEN, answer, draw_with_mouse, expect_reading, ink, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def test_a_drawing_survives_a_reload_and_is_read_again(draw_page):
    draw_page.get_by_label("Fine pen").check()
    draw_with_mouse(draw_page, SEVEN)
    drawn = ink(draw_page)
    draw_page.reload()
    expect(draw_page.locator("#answer-text")).to_have_text("7")
    # Coordinates are kept to 0.01 of a pixel.
    assert ink(draw_page) == pytest.approx(drawn, rel=0.01)
    expect(draw_page.locator("#undo")).to_be_disabled()
    draw_with_mouse(draw_page, DASH)
    with draw_page.expect_response("**/api/v1/drawings/") as response:
        draw_page.locator("#save").click()
    assert response.value.status == 201


@pytest.mark.parametrize("button", ["clear", "save"])
def test_what_was_cleared_or_saved_is_gone_after_a_reload(draw_page, button):
    draw_with_mouse(draw_page)
    draw_page.reload()
    expect_reading(draw_page)
    draw_page.locator(f"#{button}").click()
    expect(draw_page.locator("#save")).to_be_disabled()
    if button == "save":
        expect(draw_page.locator("#save")).to_have_text("Saved")
    draw_page.reload()
    expect(answer(draw_page)).to_contain_text("Nothing drawn yet")
    assert ink(draw_page) == 0


def test_a_kept_drawing_that_is_broken_is_ignored(draw_page):
    draw_page.evaluate("sessionStorage.setItem('recognizer.drawing', '[[3')")
    draw_page.reload()
    draw_with_mouse(draw_page)
    expect_reading(draw_page)


def test_a_turned_phone_keeps_the_drawing_whole(draw_page):
    draw_page.set_viewport_size({"width": 360, "height": 740})
    wait_until(draw_page, "canvas.clientWidth < 360")
    draw_with_mouse(draw_page)
    upright = share_of_ink(draw_page)
    width = draw_page.evaluate("canvas.width")
    draw_page.set_viewport_size({"width": 740, "height": 360})
    wait_until(draw_page, f"canvas.width !== {width}")
    assert share_of_ink(draw_page) == pytest.approx(upright, rel=0.05)


def test_a_finer_screen_of_another_size_keeps_the_drawing_and_gets_finer_ink(draw_page, devtools):
    draw_with_mouse(draw_page)
    share = share_of_ink(draw_page)
    devtools.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1200, "height": 700, "deviceScaleFactor": 2, "mobile": False},
    )
    wait_until(draw_page, "Math.abs(canvas.width / canvas.clientWidth - 2) < 0.01")
    assert share_of_ink(draw_page) == pytest.approx(share, rel=0.05)


def share_of_ink(page):
    """How much of the canvas is inked."""
    inked = ink(page)
    return inked / page.evaluate("canvas.width * canvas.height")
