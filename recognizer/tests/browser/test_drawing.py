"""Mouse, finger and pen on the drawing page, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from devtools.hands import (
    SEVEN,
    draw_with_finger,
    draw_with_mouse,
    draw_with_pen,
    expect_reading,
    ink,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def test_a_stroke_of_the_mouse_is_read_as_soon_as_it_ends(draw_page):
    draw_with_mouse(draw_page, SEVEN)
    expect_reading(draw_page)
    expect(draw_page.locator("#answer-text")).to_have_text("7")
    expect(draw_page.locator("#bars .is-best")).to_contain_text("7")
    expect(draw_page.locator("#seen")).to_have_attribute("src", re.compile("^data:image/png"))
    expect(draw_page.locator("#version")).to_contain_text(re.compile(r"version \d+"))


def test_a_finger_draws(draw_page, devtools):
    draw_with_finger(draw_page, devtools, SEVEN)
    expect_reading(draw_page)


def test_a_pen_draws(draw_page, devtools):
    draw_with_pen(draw_page, devtools, SEVEN)
    expect_reading(draw_page)


def test_a_finger_on_the_canvas_does_not_scroll_the_page(draw_page, devtools):
    draw_page.set_viewport_size({"width": 360, "height": 400})
    draw_with_finger(draw_page, devtools, [(0.5, 0.7), (0.5, 0.4), (0.5, 0.1)])
    before = draw_page.evaluate("scrollY")
    draw_with_finger(draw_page, devtools, [(0.4, 0.7), (0.4, 0.4), (0.4, 0.1)])
    assert draw_page.evaluate("scrollY") == before


def test_a_stroke_that_leaves_the_canvas_is_held_at_its_edge(draw_page):
    draw_with_mouse(draw_page, [(0.5, 0.2), (0.5, 1.3)])
    expect(draw_page.locator("#seen")).to_be_visible()


def test_the_drawing_survives_a_change_of_size(draw_page):
    draw_with_mouse(draw_page)
    draw_page.set_viewport_size({"width": 360, "height": 640})
    assert ink(draw_page) > 0


def test_the_canvas_has_a_pixel_for_each_pixel_of_the_screen(browser, live_server):
    context = browser.new_context(device_scale_factor=3, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(live_server.url)
    ink(page)
    width = page.evaluate("canvas.width / canvas.clientWidth")
    context.close()
    assert width == pytest.approx(3, abs=0.01)
