"""Undo, redo and clear, by button and by keyboard."""

import pytest
from playwright.sync_api import expect

from devtools.hands import DASH, SEVEN, answer, draw_with_mouse, expect_reading, ink

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def test_undo_redo_and_clear_by_button(draw_page):
    draw_with_mouse(draw_page, SEVEN)
    one = ink(draw_page)
    draw_with_mouse(draw_page, DASH)
    two = ink(draw_page)
    assert two > one
    draw_page.locator("#undo").click()
    assert ink(draw_page) == one
    draw_page.locator("#redo").click()
    assert ink(draw_page) == two
    draw_page.locator("#clear").click()
    assert ink(draw_page) == 0
    draw_page.locator("#undo").click()
    assert ink(draw_page) == two


@pytest.mark.parametrize("redo", ["Control+Shift+Z", "Control+Y"])
def test_undo_redo_and_clear_by_keyboard(draw_page, redo):
    draw_with_mouse(draw_page)
    drawn = ink(draw_page)
    draw_page.keyboard.press("Control+Z")
    assert ink(draw_page) == 0
    draw_page.keyboard.press(redo)
    assert ink(draw_page) == drawn
    draw_page.keyboard.press("Escape")
    assert ink(draw_page) == 0


def test_buttons_that_can_do_nothing_are_disabled(draw_page):
    for name in ("undo", "redo", "clear", "predict", "save"):
        expect(draw_page.locator(f"#{name}")).to_be_disabled()
    draw_with_mouse(draw_page)
    for name in ("undo", "clear", "predict", "save"):
        expect(draw_page.locator(f"#{name}")).to_be_enabled()
    expect(draw_page.locator("#redo")).to_be_disabled()


def test_clearing_takes_the_answer_away(draw_page):
    draw_with_mouse(draw_page)
    expect_reading(draw_page)
    draw_page.locator("#clear").click()
    expect(answer(draw_page)).to_contain_text("Nothing drawn yet")
    expect(draw_page.locator("#seen")).to_be_hidden()
