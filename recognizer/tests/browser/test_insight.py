"""Why a drawing was read as it was: the ink that mattered, and what a stroke changed."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from devtools.hands import (
    SEVEN,
    Point,
    answer,
    draw_with_mouse,
    expect_noted,
    wait_until_it_reads_here,
)
from recognizer.models import Drawing, Label
from recognizer.tests.browser.test_accessibility import complaints

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

# A 4 of two strokes; its second is a 1 by itself.
CORNER: list[Point] = [(0.45, 0.2), (0.28, 0.55), (0.72, 0.55)]
UPRIGHT: list[Point] = [(0.6, 0.3), (0.58, 0.85)]
SEVEN_OR_ONE: list[Point] = [(0.33, 0.32), (0.536, 0.22), (0.5, 0.8)]

# Yellow is what spoke for the reading.
YELLOW = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    return data.filter((red, i) => i % 4 === 0 && red > 150 && data[i + 2] < red / 2).length;
}"""


def part(page: Page, name: str) -> Locator:
    return page.locator(f"#insight [data-part='{name}']")


def draw_four(page: Page) -> None:
    wait_until_it_reads_here(page)
    draw_with_mouse(page, CORNER)
    draw_with_mouse(page, UPRIGHT)
    expect(page.locator("#answer-text")).to_have_text("4")


def look_closer(page: Page) -> None:
    page.locator("#insight summary").click()
    expect(part(page, "mattered")).to_contain_text("mattered", timeout=20_000)


def test_the_ink_that_mattered_is_shown_and_told(draw_page):
    expect(draw_page.locator("#insight")).to_be_hidden()
    draw_four(draw_page)
    expect(part(draw_page, "views")).to_be_hidden()
    look_closer(draw_page)
    expect(part(draw_page, "mattered")).to_contain_text("the 4")
    assert part(draw_page, "plate").evaluate(YELLOW) > 10
    draw_page.locator("#clear").click()
    expect(draw_page.locator("#insight")).to_be_hidden()


def test_a_stroke_can_be_left_out_by_keyboard_and_put_back(draw_page):
    draw_four(draw_page)
    look_closer(draw_page)
    rows = draw_page.get_by_role("button", name="Without stroke")
    expect(rows).to_have_count(2)
    first, second = rows.all()
    expect(first).to_contain_text("a 1")
    first.focus()
    draw_page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(draw_page.locator("#answer-text")).to_have_text("1")
    expect(answer(draw_page)).to_contain_text("Without stroke 1: ")
    second.click()
    expect(first).to_have_attribute("aria-pressed", "false")
    expect(answer(draw_page)).to_contain_text("Without stroke 2: ")
    second.click()
    expect(draw_page.locator("#answer-text")).to_have_text("4")
    expect(answer(draw_page)).not_to_contain_text("Without")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_views_are_for_everyone(draw_page, scheme):
    draw_page.emulate_media(color_scheme=scheme)
    draw_four(draw_page)
    look_closer(draw_page)
    draw_page.get_by_role("button", name="Without stroke 1").click()
    assert complaints(draw_page) == []


def test_a_drawing_of_one_stroke_has_none_to_leave_out(draw_page):
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page, SEVEN)
    look_closer(draw_page)
    expect(part(draw_page, "what-if")).to_be_hidden()


def test_where_only_the_server_reads_the_page_says_that_it_cannot_look(page, live_server):
    page.route("**/models/active/", lambda route: route.abort())
    page.goto(live_server.url)
    draw_with_mouse(page, SEVEN)
    page.locator("#insight summary").click()
    expect(part(page, "away")).to_contain_text("only the server can read")
    expect(part(page, "views")).to_be_hidden()


def test_the_second_guess_is_one_tap_and_thanks_lead_to_the_drawings_own_page(draw_page):
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page, SEVEN_OR_ONE)
    expect(answer(draw_page)).to_contain_text(re.compile(r"sure, or\sa\s[17] \(\d+\.\d\s%\)"))
    draw_page.locator("#save").click()
    second = draw_page.get_by_role("button", name=re.compile("No, it is a [17]"))
    guess = second.inner_text()[-1]
    second.click()
    expect_noted(draw_page, f"a {guess}")
    assert Label.objects.get().value == guess
    draw_page.get_by_role("link", name="Did it help?").click()
    draw_page.wait_for_url(f"**/drawings/{Drawing.objects.get().public_id}/")
    expect(draw_page.get_by_role("heading", name="Did it help?")).to_be_visible()
