"""My drawings, their pages and what is shared, in a real browser."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from recognizer.models import Drawing, Share
from recognizer.pages.gallery import DRAWINGS_A_PAGE
from recognizer.tests.factories import RawStrokes, make_drawing, make_label, make_picture
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quiet"),
]


@pytest.fixture
def visitor(client: Client, page: Page, live_server):
    """Who the browser's session stands for."""
    visitor = sign_in_as_visitor(client)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    return visitor


@pytest.fixture
def quiet(page: Page) -> Iterator[None]:
    """The test fails if the browser's console has an error at its end."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield
    assert complaints == []


def test_older_drawings_come_as_the_end_comes_near_and_can_be_used(page, visitor, live_server):
    for _ in range(2 * DRAWINGS_A_PAGE + 3):
        make_drawing(visitor=visitor)
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{live_server.url}/drawings/")
    tiles = page.get_by_test_id("drawing")
    expect(tiles).to_have_count(DRAWINGS_A_PAGE)
    for count in (2 * DRAWINGS_A_PAGE, 2 * DRAWINGS_A_PAGE + 3):
        tiles.last.scroll_into_view_if_needed()
        expect(tiles).to_have_count(count)
    expect(page.locator("#more a")).to_have_count(0)
    expect(page.locator("#more-status")).to_have_text("3 more drawings shown.")
    tiles.last.get_by_role("button", name="Correct").click()
    page.locator("#correct-dialog #correct-4").click()
    expect(tiles.last).to_contain_text("Labelled 4 · waiting for review")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_javascript_filters_and_the_link_to_more_work(
    browser: Browser, page, visitor, live_server
):
    for read in ["7"] * (DRAWINGS_A_PAGE + 1) + ["4"]:
        make_drawing(visitor=visitor, read=read)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(f"{live_server.url}/drawings/")
    plain.get_by_role("link", name="7", exact=True).click()
    expect(plain.get_by_test_id("drawing")).to_have_count(DRAWINGS_A_PAGE)
    plain.get_by_text("Show older drawings").click()
    expect(plain.get_by_test_id("drawing")).to_have_count(1)
    context.close()


def test_a_drawing_is_named_by_keyboard_and_esc_keeps_the_old_name(page, visitor, live_server):
    make_drawing(visitor=visitor)
    page.goto(f"{live_server.url}/drawings/")
    tile = page.get_by_test_id("drawing")
    tile.get_by_role("button", name="Name this drawing").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("A seven, at 7")
    page.keyboard.press("Enter")
    expect(tile.get_by_role("heading")).to_contain_text("A seven, at 7")
    expect(tile.get_by_role("button", name="Name this drawing")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Something else")
    page.keyboard.press("Escape")
    expect(tile.get_by_role("heading")).to_contain_text("A seven, at 7")
    assert Drawing.objects.get().title == "A seven, at 7"


TWO_STROKES: RawStrokes = [
    [[80, 60, 0], [200, 60, 400]],
    [[150, 100, 600], [120, 230, 1000]],
]

PARTLY_DRAWN = ".ink > g:not(.ink-ghost) path[stroke-dasharray]"


def test_the_strokes_are_replayed_under_a_mouse_and_whole_at_the_end(page, visitor, live_server):
    make_drawing(TWO_STROKES, visitor=visitor)
    page.goto(f"{live_server.url}/drawings/")
    expect(page.locator(PARTLY_DRAWN)).to_have_count(0)
    page.locator("[data-replays]").hover()
    expect(page.locator(PARTLY_DRAWN)).to_have_count(2)
    expect(page.locator(".ink-ghost")).to_have_count(1)
    expect(page.locator(PARTLY_DRAWN)).to_have_count(0)
    expect(page.locator(".ink-ghost")).to_have_count(0)


def test_who_wants_no_motion_sees_the_order_in_numbers(page, visitor, live_server):
    make_drawing(TWO_STROKES, visitor=visitor)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live_server.url}/drawings/")
    page.locator("[data-replays]").hover()
    expect(page.locator(".ink-numbers")).to_have_count(0)
    page.get_by_role("button", name="Replay the strokes").click()
    expect(page.locator(".ink-numbers text")).to_have_text(["1", "2"])
    expect(page.locator(PARTLY_DRAWN)).to_have_count(0)


def test_a_drawing_is_shared_looked_at_and_taken_back(page, visitor, live_server, browser):
    make_drawing(visitor=visitor)
    page.goto(f"{live_server.url}/drawings/")
    tile = page.get_by_test_id("drawing")
    tile.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Create a link").click()
    expect(page.locator("#share-url")).to_have_value(re.compile(r"/s/[\w-]{22,}/$"))
    url = page.locator("#share-url").input_value()
    expect(page.locator("#share-embed")).to_have_value(re.compile(f'src="{url}embed/"'))
    stranger = browser.new_page()
    stranger.goto(url)
    expect(stranger.get_by_role("heading", name="Read as 7")).to_be_visible()
    stranger.get_by_role("button", name="Replay").click()
    expect(stranger.locator(".ink-ghost")).to_have_count(1)
    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("button", name="Create a link")).to_be_focused()
    assert stranger.reload().status == 404
    assert not Share.objects.exists()
    stranger.close()


@pytest.fixture
def other_site() -> Iterator[Callable[[str], str]]:
    """Serves a page on an origin of its own; Chromium lets none that is made up frame ours."""
    pages: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages[0].encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()

    def serve(html: str) -> str:
        pages.append(html)
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    server.shutdown()
    server.server_close()


def test_the_embedded_drawing_runs_in_the_frame_of_another_site(
    page, visitor, live_server, other_site
):
    share = Share.objects.create(drawing=make_drawing(visitor=visitor))
    html = f'<link rel="icon" href="data:,"><iframe src="{live_server.url}/s/{share.token}/embed/">'
    page.goto(other_site(html))
    inside = page.frame_locator("iframe")
    inside.get_by_role("button", name="Replay the strokes").click()
    expect(inside.locator(".ink-ghost")).to_have_count(1)


def test_on_its_own_page_a_drawing_is_corrected_and_deleted(page, visitor, live_server):
    drawing = make_drawing(visitor=visitor)
    page.goto(f"{live_server.url}/drawings/")
    page.get_by_role("link", name="Read as 7").click()
    page.get_by_role("button", name="Say what it shows").click()
    page.locator("#correct-dialog #correct-1").click()
    expect(page.locator(".steps")).to_contain_text("Labelled 1")
    expect(page.locator(".steps")).to_contain_text("Waiting for review")
    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.locator("#delete-confirm").click()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    assert not Drawing.objects.filter(pk=drawing.pk).exists()


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_scrolls_sideways_and_every_button_fits_a_finger(page, visitor, live_server, width):
    long = "Averylongnamewithoutasinglespaceinitthatgoesonandonandonuntileightycharactersare"
    drawing = make_drawing(visitor=visitor, title=long)
    make_drawing(visitor=visitor, picture=make_picture(), read="")
    make_label(drawing, "not a digit")
    share = Share.objects.create(drawing=drawing)
    Drawing.objects.update(created_at=timezone.now() - timedelta(days=1))
    page.set_viewport_size({"width": width, "height": 700})
    shared = f"s/{share.token}/"
    own = ("drawings/", f"drawings/{drawing.public_id}/", "my-data/")
    for path in (*own, shared, f"{shared}embed/"):
        page.goto(f"{live_server.url}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        for button in page.locator("button:visible:not(.link-button)").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 44, (path, button.inner_text())
