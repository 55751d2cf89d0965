"""Pens of three widths and an eraser, by hand and by key."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from devtools.hands import (
    DASH,
    ONE,
    SEVEN,
    draw_with_mouse,
    draw_with_pen,
    expect_reading,
    ink,
    move_pen,
    on_screen,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def sent_strokes(page: Page, points: list[tuple[float, float]]) -> list[list[list[float]]]:
    """Draw, and return where the points lie that were sent to be read."""
    draw_with_mouse(page, points)
    with page.expect_request("**/api/v1/predict/") as request:
        page.locator("#predict").click()
    body: Any = request.value.post_data_json
    return [[point[:2] for point in stroke] for stroke in body["strokes"]]


def test_a_broad_pen_leaves_more_ink_and_the_reading_does_not_depend_on_it(draw_page):
    inks, sent, bars = [], [], []
    for tool in ("Fine pen", "Broad pen"):
        draw_page.get_by_label(tool).check()
        sent.append(sent_strokes(draw_page, SEVEN))
        expect_reading(draw_page)
        inks.append(ink(draw_page))
        bars.append(draw_page.locator("#bars").inner_text())
        draw_page.locator("#clear").click()
    assert inks[1] > 2 * inks[0]
    assert sent[1] == sent[0]
    assert bars[1] == bars[0]


def test_a_pen_that_presses_harder_leaves_more_ink(draw_page, devtools):
    draw_with_pen(draw_page, devtools, ONE, force=0.2)
    light = ink(draw_page)
    draw_page.locator("#clear").click()
    draw_with_pen(draw_page, devtools, ONE, force=0.95)
    assert ink(draw_page) > 1.3 * light


def test_the_eraser_takes_a_whole_stroke_away_and_undo_brings_it_back(draw_page):
    draw_with_mouse(draw_page, ONE)
    one = ink(draw_page)
    draw_with_mouse(draw_page, [(0.1, 0.1), (0.3, 0.1)])
    both = ink(draw_page)
    draw_page.get_by_label("Eraser").check()
    draw_with_mouse(draw_page, [(0.2, 0.3), (0.2, 0.05)])
    assert ink(draw_page) == one
    draw_page.keyboard.press("Control+Z")
    assert ink(draw_page) == both
    draw_page.keyboard.press("Control+Shift+Z")
    assert ink(draw_page) == one
    draw_with_mouse(draw_page, DASH)
    assert ink(draw_page) == 0
    expect(draw_page.locator("#answer")).to_contain_text("Nothing drawn yet")


def test_the_pens_own_eraser_erases_without_another_tool(draw_page, devtools):
    draw_with_pen(draw_page, devtools, ONE)
    start, end = on_screen(draw_page, DASH)
    # Chromium's devtools know no eraser button, so the page is shown an event that has one.
    draw_page.evaluate(
        """() => Object.defineProperty(PointerEvent.prototype, "buttons", { get: () => 32 })"""
    )
    move_pen(devtools, "mousePressed", start)
    move_pen(devtools, "mouseMoved", end)
    move_pen(devtools, "mouseReleased", end, buttons=0)
    assert ink(draw_page) == 0
    expect(draw_page.get_by_label("Medium pen")).to_be_checked()


def test_keys_choose_a_tool_but_only_where_the_focus_is_on_the_pad(draw_page):
    draw_page.keyboard.press("e")
    expect(draw_page.get_by_label("Medium pen")).to_be_checked()
    draw_page.locator("#canvas").focus()
    for key, tool in [("e", "Eraser"), ("e", "Medium pen"), ("]", "Broad pen"), ("]", "Broad pen"),
                      ("[", "Medium pen"), ("[", "Fine pen")]:  # fmt: skip
        draw_page.keyboard.press(key)
        expect(draw_page.get_by_label(tool)).to_be_checked()


def test_the_pen_is_remembered(draw_page):
    draw_page.get_by_label("Broad pen").check()
    draw_page.reload()
    expect(draw_page.get_by_label("Broad pen")).to_be_checked()
