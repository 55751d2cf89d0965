"""Somebody makes an account on a phone, in German, and finds what they drew in it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from devtools.hands import draw_with_mouse
from recognizer.tests.browser.test_german import assert_nothing_is_cut_off

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

WIDTH = 360


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    phone = {"width": WIDTH, "height": 740}
    return {**browser_context_args, "locale": "de-DE", "viewport": phone}


def test_a_drawing_goes_with_its_person_into_the_account(draw_page, live_server, settings):
    settings.ALLOW_SIGN_UP = True
    page = draw_page

    def look(heading: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert_nothing_is_cut_off(page, WIDTH)

    draw_with_mouse(page)
    page.locator("#save").click()
    expect(page.locator("#save")).to_have_text("Gesichert")
    page.get_by_role("link", name="Meine Bilder").click()
    page.get_by_role("link", name="Melde dich an").click()
    look("Anmelden")
    page.get_by_role("link", name="Leg eines an").click()
    look("Konto anlegen")
    expect(page.locator("main")).to_contain_text("wird in das Konto übernommen")
    page.get_by_label("Benutzername").fill("ada")
    page.locator("#id_password1").fill("lovelace-1843")
    page.locator("#id_password2").fill("lovelace-1843")
    page.get_by_role("button", name="Konto anlegen").click()
    look("Meine Bilder")
    expect(page.get_by_test_id("drawing")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("ist jetzt in deinem Konto")
    page.get_by_role("link", name="Mein Konto").click()
    look("Mein Konto")
    page.get_by_role("button", name="Passwort ändern").click()
    look("Passwort ändern")
    page.get_by_role("link", name="Mein Konto").first.click()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.locator("#draw-page")).to_be_visible()
    page.goto(f"{live_server.url}/drawings/")
    expect(page.get_by_test_id("drawing")).to_have_count(0)
