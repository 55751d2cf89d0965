"""The site in German, as a browser shows it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from devtools.hands import draw_with_mouse

WORKS_OFFLINE_IN_GERMAN = """async () => {
    for (;;) {
        const networks = await caches.open("recognizer-networks");
        const shells = (await caches.keys()).filter((name) => name.includes("shell"));
        const html = await (await caches.match("/"))?.text();
        if (navigator.serviceWorker.controller && (await networks.keys()).length === 2
            && shells.length === 1 && html?.includes('<html lang="de">')) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}"""

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "de-DE"}


def assert_nothing_is_cut_off(page: Page, width: int) -> None:
    """Neither the page nor a button on it is broader than it may be."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broad = page.evaluate(
        "[...document.querySelectorAll('button, a[role=button], .site-header li a')]"
        ".filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML)"
    )
    assert broad == []


def test_somebody_draws_saves_and_corrects_in_german(draw_page, answer_with):
    draw_page.set_viewport_size({"width": 320, "height": 740})
    expect(draw_page.locator("html")).to_have_attribute("lang", "de")
    assert_nothing_is_cut_off(draw_page, 320)
    draw_with_mouse(draw_page)
    expect(draw_page.locator("#answer-detail")).to_have_text(re.compile(r"^\d+,\d % sicher"))
    expect(draw_page.locator("#version")).to_have_text("Hier gelesen von Version 1")
    seven = draw_page.locator("[data-testid=bars] [data-label='7'] .bar-percent")
    expect(seven).to_have_text(re.compile(r"^\d+,\d %$"))
    draw_page.get_by_role("button", name="Speichern").click()
    draw_page.get_by_role("button", name="Nein, es ist eine …").click()
    assert_nothing_is_cut_off(draw_page, 320)
    answer_with("**/api/v1/drawings/*/", 500)
    draw_page.get_by_role("button", name="Keine Ziffer").click()
    expect(draw_page.locator("#toasts")).to_contain_text("Deine Antwort wurde nicht gespeichert.")
    draw_page.unroute_all()
    draw_page.get_by_role("button", name="Nein, es ist eine …").click()
    draw_page.get_by_role("button", name="Keine Ziffer").click()
    expect(draw_page.locator("#correct-thanks")).to_contain_text("Notiert: „keine Ziffer“.")


def test_a_language_chosen_on_the_page_stays(draw_page):
    draw_page.get_by_role("button", name="English").click()
    expect(draw_page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    draw_page.get_by_role("link", name="My drawings").click()
    expect(draw_page.get_by_role("heading", name="Nothing here yet")).to_be_visible()


class TestWithoutANetwork:
    @pytest.fixture
    def browser_context_args(self, browser_context_args: dict[str, Any]) -> dict[str, Any]:
        return {**browser_context_args, "service_workers": "allow", "locale": "en-GB"}

    def test_the_page_opens_in_the_chosen_language(self, page, context, live_server):
        page.goto(live_server.url)
        page.get_by_role("button", name="Deutsch").click()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        page.evaluate(WORKS_OFFLINE_IN_GERMAN)
        context.set_offline(True)
        page.reload()
        draw_with_mouse(page)
        page.locator("#save").click()
        expect(page.locator("#save")).to_have_text("Gemerkt")
        expect(page.get_by_test_id("waiting")).to_contain_text(
            "1 Zeichnung auf diesem Gerät; wird gesendet, sobald du online bist."
        )
