"""Palms and second fingers neither draw nor disturb who does."""

import pytest

from devtools.hands import (
    ONE,
    draw_with_finger,
    draw_with_pen,
    expect_reading,
    ink,
    move_pen,
    on_screen,
    touch,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def test_a_second_finger_neither_draws_nor_breaks_the_stroke(draw_page, devtools):
    start, middle, end, beside = on_screen(draw_page, [*ONE[:2], ONE[-1], (0.9, 0.5)])
    touch(devtools, "touchStart", start)
    touch(devtools, "touchMove", middle)
    touch(devtools, "touchStart", middle, beside)
    touch(devtools, "touchMove", end, beside)
    touch(devtools, "touchEnd", end)  # the second finger is lifted first
    touch(devtools, "touchEnd")
    expect_reading(draw_page)
    draw_page.locator("#undo").click()
    assert ink(draw_page) == 0


def test_a_palm_does_not_draw(draw_page, devtools):
    draw_with_finger(draw_page, devtools, ONE, radius=60)
    assert ink(draw_page) == 0


def test_a_touch_that_grows_into_a_palm_is_taken_back(draw_page, devtools):
    start, *_, end = on_screen(draw_page, ONE)
    touch(devtools, "touchStart", start)
    touch(devtools, "touchMove", end)
    assert ink(draw_page) > 0
    touch(devtools, "touchMove", start, radius=60)
    touch(devtools, "touchEnd")
    assert ink(draw_page) == 0
    assert draw_page.locator("#undo").is_disabled()


def test_beside_a_pen_no_touch_draws(draw_page, devtools):
    draw_with_pen(draw_page, devtools, ONE)
    drawn = ink(draw_page)
    [hover] = on_screen(draw_page, [(0.2, 0.2)])
    move_pen(devtools, "mouseMoved", hover, button="none", buttons=0, force=0)
    draw_with_finger(draw_page, devtools, [(0.1, 0.9), (0.3, 0.9)])
    assert ink(draw_page) == drawn


def test_what_a_palm_drew_before_the_pen_came_down_is_taken_back(draw_page, devtools):
    [rest] = on_screen(draw_page, [(0.8, 0.9)])
    touch(devtools, "touchStart", rest)
    draw_with_pen(draw_page, devtools, ONE)
    touch(devtools, "touchEnd")
    draw_page.locator("#undo").click()
    assert ink(draw_page) == 0
