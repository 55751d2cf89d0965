"""The pages fit their screens and the fingers on them."""

import pytest
from playwright.sync_api import expect

from devtools.hands import draw_with_mouse, expect_reading

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_scrolls_sideways(draw_page, live_server, width):
    draw_page.set_viewport_size({"width": width, "height": 800})
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    draw_page.locator("#correct-no").click()
    assert draw_page.evaluate("document.documentElement.scrollWidth") <= width
    draw_page.goto(f"{live_server.url}/drawings/")
    assert draw_page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 360])
def test_on_a_phone_the_canvas_is_square_and_every_button_fits_a_finger(draw_page, width):
    draw_page.set_viewport_size({"width": width, "height": 640})
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    draw_page.locator("#correct-no").click()
    box = draw_page.locator("#canvas").bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)
    for button in [*draw_page.get_by_role("button").all(), *draw_page.get_by_role("radio").all()]:
        size = button.bounding_box()
        assert min(size["width"], size["height"]) >= 44, button.inner_text()
        assert size["x"] + size["width"] <= box["x"] + box["width"] + 1, button.inner_text()


@pytest.mark.parametrize("size", [(360, 740), (768, 1024), (1440, 900), (740, 360)])
def test_nothing_jumps_when_the_answer_comes(draw_page, size):
    draw_page.set_viewport_size({"width": size[0], "height": size[1]})
    places = "['canvas', 'save', 'bars', 'version'].map((id) => document.getElementById(id)"
    places += ".getBoundingClientRect().top + scrollY)"
    before = draw_page.evaluate(places)
    draw_with_mouse(draw_page)
    expect_reading(draw_page)
    assert draw_page.evaluate(places) == pytest.approx(before, abs=1)


def test_the_canvas_and_its_tools_fit_a_phone_that_lies_on_its_side(draw_page):
    draw_page.set_viewport_size({"width": 740, "height": 360})
    save = draw_page.locator("#save").bounding_box()
    assert save["y"] + save["height"] <= 360
    box = draw_page.locator("#canvas").bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["y"] + box["height"] <= 360
    assert draw_page.evaluate("document.documentElement.scrollWidth") <= 740


def test_the_api_documentation_is_shown(draw_page):
    draw_page.get_by_role("link", name="API").click()
    expect(draw_page.get_by_role("heading", name="Handwriting recogniser")).to_be_visible()
    expect(draw_page.get_by_text("/api/v1/predict/")).to_be_visible()
