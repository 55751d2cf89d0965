"""The drawing page in a real browser, against a real server and the shipped model."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, expect

from recognizer.models import Drawing, Label
from recognizer.tests.factories import make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

Point = tuple[float, float]

ONE: list[Point] = [(0.5, 0.15), (0.5, 0.4), (0.5, 0.65), (0.5, 0.85)]
SEVEN: list[Point] = [(0.28, 0.2), (0.72, 0.2), (0.55, 0.5), (0.42, 0.85)]
DASH: list[Point] = [(0.3, 0.5), (0.7, 0.5)]
SPECK: list[Point] = [(0.5, 0.5), (0.505, 0.502)]

A_READING = re.compile(r"\d+\.\d % sure")


@pytest.fixture
def expected_complaints() -> list[str]:
    """Parts of the console's errors that the test itself brings about."""
    return []


@pytest.fixture
def draw_page(page: Page, live_server, expected_complaints: list[str]) -> Iterator[Page]:
    """The page, open; the test fails if the browser's console has an error at its end."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live_server.url)
    yield page
    assert [
        text for text in complaints if not any(part in text for part in expected_complaints)
    ] == []


@pytest.fixture
def devtools(context: BrowserContext, draw_page: Page) -> CDPSession:
    return context.new_cdp_session(draw_page)


def on_screen(page: Page, points: list[Point]) -> list[Point]:
    """Points of the unit square as they lie on the canvas."""
    page.locator("#canvas").scroll_into_view_if_needed()
    box = page.locator("#canvas").bounding_box()
    assert box
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw_with_mouse(page: Page, points: list[Point] = SEVEN) -> None:
    first, *rest = on_screen(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def draw_with_finger(page: Page, devtools: CDPSession, points: list[Point]) -> None:
    def touch(kind: str, *where: Point) -> None:
        fingers = [{"x": x, "y": y, "force": 0.5, "id": 1} for x, y in where]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    first, *rest = on_screen(page, points)
    touch("touchStart", first)
    for point in rest:
        touch("touchMove", point)
    touch("touchEnd")


def draw_with_pen(page: Page, devtools: CDPSession, points: list[Point]) -> None:
    def pen(kind: str, where: Point, buttons: int) -> None:
        event = {
            "type": kind,
            "x": where[0],
            "y": where[1],
            "button": "left",
            "buttons": buttons,
            "clickCount": 1,
            "pointerType": "pen",
            "force": 0.7,
        }
        devtools.send("Input.dispatchMouseEvent", event)

    first, *rest = on_screen(page, points)
    pen("mousePressed", first, 1)
    for point in rest:
        pen("mouseMoved", point, 1)
    pen("mouseReleased", rest[-1], 0)


def ink(page: Page) -> int:
    """How many pixels of the canvas are painted, after the next frame."""
    return page.evaluate(
        """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const canvas = document.getElementById("canvas");
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            resolve(data.filter((value, index) => index % 4 === 3 && value > 0).length);
        })))"""
    )


def answer(page: Page) -> Locator:
    return page.locator("#answer")


def expect_noted(page: Page, label: str) -> None:
    """The server has kept the correction, and the page says so."""
    expect(page.locator("#correct-thanks")).to_be_visible()
    expect(page.locator("#correct-given")).to_have_text(label)


def wait_until_it_reads_here(page: Page) -> None:
    """The page has its own network, so only Predict and Save ask the server."""
    expect(page.locator("#draw-page")).to_have_attribute("data-reads-here", "1")


def expect_reading(page: Page) -> None:
    expect(answer(page)).to_contain_text(A_READING)


@pytest.fixture
def answer_with(draw_page: Page, expected_complaints: list[str]) -> Callable[..., None]:
    """Lets the server's edge answer with an error."""

    def answer_with(url: str, status: int, **response: Any) -> None:
        expected_complaints.append(f"status of {status}")
        draw_page.route(url, lambda route: route.fulfill(status=status, **response))

    return answer_with


@pytest.fixture
def cut_off(draw_page: Page, expected_complaints: list[str]) -> Callable[[str], None]:
    """Lets requests fail as they do without a network."""

    def cut_off(url: str) -> None:
        expected_complaints.append("ERR_INTERNET_DISCONNECTED")
        draw_page.route(url, lambda route: route.abort("internetdisconnected"))

    return cut_off


# Drawing


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


def test_a_second_finger_is_ignored(draw_page, devtools):
    [start, end, palm] = on_screen(draw_page, [(0.5, 0.1), (0.5, 0.9), (0.9, 0.5)])
    first = {"x": start[0], "y": start[1], "id": 1}
    second = {"x": palm[0], "y": palm[1], "id": 2}
    moved = {"x": end[0], "y": end[1], "id": 1}
    for kind, fingers in [
        ("touchStart", [first]),
        ("touchStart", [first, second]),
        ("touchMove", [moved, second]),
        ("touchEnd", []),
    ]:
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    draw_page.locator("#undo").click()
    assert ink(draw_page) == 0


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


# Editing


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


# Reading


def test_predict_reads_the_drawing_again(draw_page):
    draw_with_mouse(draw_page)
    expect_reading(draw_page)
    with draw_page.expect_response("**/api/v1/predict/") as response:
        draw_page.locator("#predict").click()
    assert response.value.status == 200


def test_a_speck_is_called_too_small_instead_of_read(draw_page):
    draw_with_mouse(draw_page, SPECK)
    expect(answer(draw_page)).to_contain_text("too small")
    expect(answer(draw_page)).not_to_contain_text("sure")


# Saving and correcting


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


# Errors


@pytest.mark.parametrize(
    ("status", "response", "message"),
    [
        (503, {"json": {"detail": "No model can answer now."}}, "No model can answer now."),
        (503, {"body": "<h1>Bad gateway</h1>"}, "not available just now"),
        (429, {"headers": {"Retry-After": "7"}}, "Try again in 7 seconds"),
        (413, {"body": ""}, "too large"),
        (400, {"json": {"strokes": ["20001 points."]}}, "20001 points."),
    ],
)
def test_an_error_of_the_server_is_told_and_the_drawing_stays(
    draw_page, answer_with, status, response, message
):
    answer_with("**/api/v1/predict/", status, **response)
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page)
    draw_page.locator("#predict").click()
    expect(draw_page.locator("#toasts")).to_contain_text(message)
    expect(answer(draw_page)).to_contain_text("Not read yet")
    assert ink(draw_page) > 0


def test_a_network_that_is_down_is_told_and_predict_works_once_it_is_back(draw_page, cut_off):
    cut_off("**/api/v1/predict/")
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page)
    draw_page.locator("#predict").click()
    expect(draw_page.locator("#toasts")).to_contain_text("cannot be reached")
    draw_page.unroute_all()
    draw_page.locator("#predict").click()
    expect_reading(draw_page)


def test_a_save_that_fails_is_told_and_can_be_tried_again(draw_page, cut_off):
    cut_off("**/api/v1/drawings/")
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#toasts")).to_contain_text("Not saved")
    draw_page.unroute_all()
    draw_page.locator("#save").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    assert Drawing.objects.count() == 1


def test_a_correction_that_fails_is_told_and_can_be_tried_again(draw_page, answer_with):
    draw_with_mouse(draw_page)
    draw_page.locator("#save").click()
    expect(draw_page.locator("#correct-yes")).to_be_visible()
    answer_with("**/api/v1/drawings/*/", 503)
    draw_page.locator("#correct-yes").click()
    expect(draw_page.locator("#toasts")).to_contain_text("Your answer was not kept")
    draw_page.unroute_all()
    draw_page.locator("#correct-yes").click()
    expect_noted(draw_page, "a 7")


# Layout


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
    for button in draw_page.get_by_role("button").all():
        size = button.bounding_box()
        assert min(size["width"], size["height"]) >= 44, button.inner_text()
        assert size["x"] + size["width"] <= box["x"] + box["width"] + 1, button.inner_text()


def test_the_api_documentation_is_shown(draw_page):
    draw_page.get_by_role("link", name="API").click()
    expect(draw_page.get_by_role("heading", name="Handwriting recogniser")).to_be_visible()
    expect(draw_page.get_by_text("/api/v1/predict/")).to_be_visible()


# My drawings


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
