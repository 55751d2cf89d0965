"""The review desk in a real browser, by keyboard, by touch, and while the server fails."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from ml.contract import NOT_A_DIGIT
from recognizer.drawings import review
from recognizer.models import Drawing, Label, ModelVersion, Review
from recognizer.tests.factories import ONE, SEVEN, make_drawing, make_label, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = "/admin/recognizer/drawing/desk/"
SLOWLY = 30_000


@pytest.fixture
def drawings(shipped_model: ModelVersion) -> list[Drawing]:
    """Five drawings, the least sure first; the model read the digit that is their index."""
    return [
        make_drawing(
            ONE if index % 2 else SEVEN,
            read=str(index),
            confidence=0.5 + index / 10,
            version=shipped_model,
        )
        for index in range(5)
    ]


@pytest.fixture
def desk(page: Page, client, live_server, drawings: list[Drawing]) -> Iterator[Page]:
    """The desk, open; the test fails if the browser's console has an error of the page's own."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    client.force_login(make_staff("grace", permissions=["change_drawing"]))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.goto(live_server.url + DESK)
    expect_drawing(page, drawings[0])
    yield page
    assert complaints == []


def expect_drawing(page: Page, drawing: Drawing) -> None:
    expect(page.locator("#desk-name")).to_have_text(str(drawing), timeout=SLOWLY)


def last(page: Page) -> Locator:
    return page.locator("#desk-last")


def expect_kept(page: Page, words: str, drawing: Drawing) -> None:
    """The server has kept this as the last decision, and the page says so."""
    expect(last(page)).to_have_text(f"Last decision: {words}, {drawing}", timeout=SLOWLY)


def approved(drawing: Drawing) -> str | None:
    label = Label.objects.approved().filter(drawing=drawing).first()
    return label.value if label else None


def test_several_drawings_are_labelled_and_one_undone_by_keyboard_alone(desk, drawings):
    expect(desk.locator("#desk-position")).to_have_text("1 of 5 · 5 left")
    desk.keyboard.press("7")
    expect_drawing(desk, drawings[1])
    desk.keyboard.press("x")
    desk.keyboard.press("s")
    expect_drawing(desk, drawings[3])
    desk.keyboard.press("3")
    expect_kept(desk, "3", drawings[3])
    expect(desk.locator("#desk-position")).to_have_text("5 of 5 · 2 left")
    desk.keyboard.press("u")
    expect_drawing(desk, drawings[3])
    expect_kept(desk, NOT_A_DIGIT, drawings[1])
    assert [approved(drawing) for drawing in drawings] == ["7", NOT_A_DIGIT, None, None, None]
    assert not drawings[3].labels.exists()
    desk.keyboard.press("ArrowLeft")
    expect_drawing(desk, drawings[2])
    desk.keyboard.press("2")
    expect_kept(desk, "2", drawings[2])
    assert approved(drawings[2]) == "2"
    assert set(Review.objects.values_list("by__username", flat=True)) == {"grace"}


def test_undo_still_works_after_the_page_was_loaded_again(desk, drawings):
    desk.keyboard.press("7")
    expect_kept(desk, "7", drawings[0])
    desk.reload()
    expect_kept(desk, "7", drawings[0])
    expect_drawing(desk, drawings[1])
    desk.keyboard.press("u")
    expect_drawing(desk, drawings[0])
    expect(last(desk)).to_have_text("No decision yet.", timeout=SLOWLY)
    assert approved(drawings[0]) is None


def test_decisions_wait_while_the_network_is_down_and_none_is_lost(desk, drawings):
    desk.route("**/desk/decide/", lambda route: route.abort("internetdisconnected"))
    desk.reload()  # so that no request of the page escapes the route
    expect_drawing(desk, drawings[0])
    desk.keyboard.press("7")
    expect(desk.locator("#desk-problem")).to_contain_text("cannot be reached", timeout=SLOWLY)
    desk.keyboard.press("1")
    expect_drawing(desk, drawings[2])
    expect(desk.locator("#desk-problem")).to_contain_text("2 decisions are not saved yet")
    assert not Label.objects.exists()
    desk.unroute_all()
    desk.locator("#desk-retry").click()
    expect_kept(desk, "1", drawings[1])
    expect(desk.locator("#desk-problem")).to_be_hidden()
    assert [approved(drawing) for drawing in drawings[:2]] == ["7", "1"]


def test_who_was_slower_is_told_what_the_other_one_decided(desk, drawings):
    review.label_as(drawings[0], "3", make_staff("ada"))
    desk.keyboard.press("7")
    problem = desk.locator("#desk-problem")
    expect(problem).to_contain_text("ada has decided on", timeout=SLOWLY)
    assert approved(drawings[0]) == "3"
    problem.get_by_role("button", name="Look at it").click()
    expect_drawing(desk, drawings[0])
    expect(desk.locator("#desk-approved")).to_have_text("3 (ada)")
    desk.keyboard.press("7")
    expect_kept(desk, "7", drawings[0])
    assert approved(drawings[0]) == "7"


def test_typing_in_the_sidebar_labels_nothing(desk, drawings):
    desk.locator("#nav-filter").fill("")
    desk.locator("#nav-filter").press("7")
    desk.keyboard.press("s")
    expect_drawing(desk, drawings[0])
    assert not Label.objects.exists()


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_every_button_fits_a_finger_and_nothing_scrolls_sideways(desk, drawings, width):
    desk.set_viewport_size({"width": width, "height": 740})
    assert desk.evaluate("document.documentElement.scrollWidth") <= width
    for button in desk.locator("#desk-table button:visible").all():
        size = button.bounding_box()
        assert min(size["width"], size["height"]) >= 44, button.inner_text()
    desk.locator("#desk-keys").get_by_role("button", name="4").click()
    expect_kept(desk, "4", drawings[0])
    desk.locator("#desk-undo").click()
    expect_drawing(desk, drawings[0])
    desk.locator("#desk-skip").click()
    expect_drawing(desk, drawings[1])
    desk.locator("#desk-back").click()
    expect_drawing(desk, drawings[0])


DARKNESS = """() => {
    const { width, height } = document.getElementById("desk-canvas");
    const context = document.getElementById("desk-canvas").getContext("2d");
    const { data } = context.getImageData(0, 0, width, height);
    return data.filter((value, index) => index % 4 === 0 && value < 100).length;
}"""


def darkness(page: Page) -> int:
    """How many pixels of the drawing are ink."""
    return page.evaluate(DARKNESS)


def test_the_strokes_are_drawn_again_from_the_start(desk):
    whole = darkness(desk)
    desk.keyboard.press("r")
    desk.wait_for_function(f"(whole) => ({DARKNESS})() < whole / 2", arg=whole, polling="raf")
    desk.wait_for_function(f"(whole) => ({DARKNESS})() === whole", arg=whole, polling="raf")


def test_without_motion_the_strokes_are_numbered_instead(desk):
    desk.emulate_media(reduced_motion="reduce")
    whole = darkness(desk)
    desk.keyboard.press("r")
    assert 0.5 * whole < darkness(desk) != whole


def test_a_near_duplicate_is_put_aside_by_key(desk, live_server, drawings):
    make_label(drawings[2], "2")
    desk.goto(f"{live_server.url}{DESK}?queue=duplicates")
    # Groups come in the order of their fingerprints: copies of ONE and of SEVEN.
    expect(desk.locator("#desk-position")).to_have_text("1 of 3 · 3 left", timeout=SLOWLY)
    expect(desk.locator("#desk-twin")).to_be_visible()
    for _ in range(2):
        desk.keyboard.press("d")
    desk.keyboard.press("k")
    expect(last(desk)).to_have_text(re.compile("no duplicate, kept"), timeout=SLOWLY)
    expect(desk.locator("#desk-end")).to_contain_text("Nothing is left")
    assert Review.objects.filter(verdict="duplicate").count() == 2
    assert review.left("duplicates", 10) == 0
