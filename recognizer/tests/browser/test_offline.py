"""The site works without a network, and what is saved there arrives once."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from devtools.hands import ONE, draw_with_mouse, expect_noted, expect_reading, wait_until
from recognizer.models import Drawing, Label

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

SAVES = "**/api/v1/drawings/"
WORKS_OFFLINE = """async () => {
    await navigator.serviceWorker.ready;
    for (;;) {
        const cache = await caches.open("recognizer-networks");
        if ((await cache.keys()).length === 2 && navigator.serviceWorker.controller) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}"""


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "service_workers": "allow"}


@pytest.fixture
def installed(page: Page, live_server: Any) -> Iterator[Page]:
    """The drawing page, after everything it needs offline was kept."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(live_server.url)
    page.evaluate(WORKS_OFFLINE)
    yield page
    assert errors == []


def waiting(page: Page) -> Any:
    return page.get_by_test_id("waiting")


def wait_until_it_reads_again(page: Page) -> None:
    """A busy machine takes its time to start page, worker and network once more."""
    here = page.locator("#draw-page")
    expect(here).to_have_attribute("data-reads-here", "1", timeout=20_000)


def leave_for_the_drawing_page(page: Page) -> None:
    """The offline page loads itself again when the browser says "online"; one clicks again then."""
    here = page.locator("#draw-page")
    for _ in range(3):
        page.get_by_role("button", name="Draw a digit").click()
        with contextlib.suppress(AssertionError):
            expect(here).to_be_visible(timeout=8_000)
            return
    expect(here).to_be_visible()


def save(page: Page, shown: str) -> None:
    page.locator("#save").click()
    expect(page.locator("#save")).to_have_text(shown)


def test_a_drawing_is_read_saved_and_corrected_offline_and_arrives_once(
    installed: Page, context: BrowserContext, live_server: Any
) -> None:
    page = installed
    context.set_offline(True)
    page.goto(f"{live_server.url}/drawings/")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    leave_for_the_drawing_page(page)
    wait_until_it_reads_again(page)
    draw_with_mouse(page)
    expect_reading(page)
    save(page, "Kept")
    expect(page.locator("#correct-kept")).to_contain_text("sent when you are online")
    expect(page.locator("#correct-read")).to_have_text("7")
    page.locator("#correct-no").click()
    page.locator("#correct-1").click()
    expect_noted(page, "a 1")
    page.locator("#clear").click()
    draw_with_mouse(page, ONE)
    save(page, "Kept")
    page.reload()
    expect(waiting(page)).to_contain_text("2 drawings are kept on this device")
    page.goto(f"{live_server.url}/drawings/")
    expect(waiting(page)).to_contain_text("2 drawings are kept on this device")
    assert not Drawing.objects.exists()
    context.set_offline(False)
    expect(page.get_by_test_id("drawing")).to_have_count(2, timeout=15_000)
    expect(waiting(page)).to_be_hidden()
    assert Drawing.objects.count() == 2
    assert Label.objects.get().value == "1"
    private = [url for url in page.evaluate(ALL_KEPT) if "/drawings/" in url]
    assert private == []


ALL_KEPT = """async () => {
    const names = await caches.keys();
    const kept = names.map(async (name) => (await (await caches.open(name)).keys()));
    return (await Promise.all(kept)).flat().map(({ url }) => url);
}"""


@pytest.fixture
def lose_answers(draw_page: Page, expected_complaints: list[str]) -> Callable[[], list[Request]]:
    """Lets saves reach the server, and no answer come back."""

    def lose_answers() -> list[Request]:
        expected_complaints.append("ERR_CONNECTION_RESET")
        reached: list[Request] = []

        def lose(route: Route) -> None:
            assert route.fetch().status in (200, 201)
            reached.append(route.request)
            route.abort("connectionreset")

        draw_page.route(SAVES, lose)
        return reached

    return lose_answers


def test_a_save_whose_answer_is_lost_is_one_drawing_and_still_theirs(
    draw_page: Page, context: BrowserContext, live_server: Any, lose_answers: Any
) -> None:
    reached = lose_answers()
    # The cookie is part of the answer: this person has no session before.
    draw_with_mouse(draw_page)
    save(draw_page, "Kept")
    assert (len(reached), Drawing.objects.count()) == (1, 1)
    context.clear_cookies(name="sessionid")
    draw_page.unroute_all()
    draw_page.get_by_role("button", name="Send now").click()
    expect(draw_page.locator("#save")).to_have_text("Saved")
    expect(waiting(draw_page)).to_be_hidden()
    expect(draw_page.locator("#toasts")).to_contain_text("Sent")
    draw_page.locator("#correct-yes").click()
    expect_noted(draw_page, "a 7")
    expect(waiting(draw_page)).to_be_hidden()
    assert Label.objects.get().drawing == Drawing.objects.get()
    draw_page.goto(f"{live_server.url}/drawings/")
    expect(draw_page.get_by_test_id("drawing")).to_have_count(1)


def test_two_tabs_and_a_reload_send_what_waits_once(
    draw_page: Page, context: BrowserContext, live_server: Any, expected_complaints: list[str]
) -> None:
    expected_complaints.append("ERR_INTERNET_DISCONNECTED")
    other = context.new_page()
    other.goto(live_server.url)
    context.set_offline(True)
    for page, points in ((draw_page, ONE), (other, ONE)):
        page.bring_to_front()
        draw_with_mouse(page, points)
        save(page, "Kept")
    expect(waiting(draw_page)).to_contain_text("2 drawings are")
    sent: list[str | None] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.header_value("idempotency-key"))

    context.on("request", note)
    context.set_offline(False)
    for page in (draw_page, other):
        expect(waiting(page)).to_be_hidden()
        expect(page.locator("#save")).to_have_text("Saved")
    assert (len(sent), len(set(sent))) == (2, 2)
    assert Drawing.objects.count() == 2


def test_what_the_server_refuses_later_is_kept_aside_and_can_be_deleted(
    draw_page: Page,
    context: BrowserContext,
    answer_with: Any,
    expected_complaints: list[str],
) -> None:
    # The second: a service worker that was on its way.
    expected_complaints += ["ERR_INTERNET_DISCONNECTED", "when fetching the script"]
    context.set_offline(True)
    draw_with_mouse(draw_page)
    save(draw_page, "Kept")
    answer_with(SAVES, 413)
    context.set_offline(False)
    expect(waiting(draw_page)).to_contain_text("too large to send")
    expect(draw_page.locator("#save")).to_have_text("Save")
    draw_page.get_by_role("button", name="Delete").click()
    expect(waiting(draw_page)).to_be_hidden()
    assert not Drawing.objects.exists()


def test_a_new_version_of_the_site_takes_the_place_of_the_old_one(
    installed: Page, context: BrowserContext, live_server: Any, monkeypatch: Any
) -> None:
    from recognizer.pages import offline
    from recognizer.pages.offline_files import Shell

    before = [name for name in installed.evaluate("caches.keys()") if "shell" in name]
    newer = Shell("0123456789abcdef", offline._shell().files)
    monkeypatch.setattr(offline, "_shell", lambda: newer)
    offline._service_worker.cache_clear()
    installed.reload()
    # Only once the old one is gone: a page that loads before that is still the old one's.
    wait_until(
        installed,
        "async () => (await caches.keys()).includes('recognizer-shell-0123456789abcdef')"
        " && (await caches.keys()).length === 2",
    )
    assert before != ["recognizer-shell-0123456789abcdef"]
    context.set_offline(True)
    installed.reload()
    wait_until_it_reads_again(installed)
    offline._service_worker.cache_clear()
