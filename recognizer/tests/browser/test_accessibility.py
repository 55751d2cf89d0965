"""axe-core finds nothing on any page against WCAG 2.2 AA, light and dark."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from devtools.hands import draw_with_mouse, expect_reading
from recognizer.tests.factories import ONE, make_drawing, make_label, make_staff, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => {
    const { violations } = await axe.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}"""

STILL = """() => Promise.all(document.getAnimations()
    .filter(moving => moving.effect.getComputedTiming().endTime < Infinity)
    .map(moving => moving.finished.catch(() => null)))"""

both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


def complaints(page: Page) -> list[str]:
    """What axe-core holds against the page as it is now."""
    # A colour that is fading in has no contrast of its own yet. Reduced motion starts no more of
    # that, but a change that was on its way, as to the dark scheme, goes on.
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(STILL)
    page.evaluate(AXE)
    return page.evaluate(RUN, WCAG_2_2_AA)


def sign_in(page: Page, client: Any, live_server: Any, user: Any) -> None:
    client.force_login(user)
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])


def test_what_is_not_for_everyone_is_found(page):
    page.set_content("<html lang=en><title>x</title><p style='color: #bbb'>pale</p><img src=x>")
    assert {line.split(":")[0] for line in complaints(page)} == {"color-contrast", "image-alt"}


@both_schemes
def test_the_drawing_page_is_for_everyone_at_each_step(draw_page, scheme):
    draw_page.emulate_media(color_scheme=scheme)
    assert complaints(draw_page) == []
    draw_with_mouse(draw_page)
    expect_reading(draw_page)
    assert complaints(draw_page) == []
    draw_page.locator("#save").click()
    draw_page.locator("#correct-no").click()
    assert complaints(draw_page) == []
    draw_page.locator("#correct-1").click()
    expect(draw_page.locator("#correct-thanks")).to_be_visible()
    assert complaints(draw_page) == []


@both_schemes
def test_every_other_page_is_for_everyone(
    page, live_server, client, shipped_model, scheme, django_user_model, settings
):
    settings.ALLOW_SIGN_UP = True
    boss = django_user_model.objects.create_superuser("boss", password="boss")
    drawing = make_drawing(ONE, read="1", version=shipped_model, user=boss)
    make_label(drawing, "7")
    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in ["/admin/login/", "/accounts/login/", "/accounts/sign-up/"]:
        page.goto(live_server.url + path)
        found[path] = complaints(page)
    page.locator("#id_username").fill("boss")
    page.locator("#id_password1").fill("1234")
    page.locator("#id_password2").fill("1234")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_have_count(2)
    found["a sign-up that is refused"] = complaints(page)
    sign_in(page, client, live_server, boss)
    for path in [
        "/drawings/",
        "/accounts/",
        "/accounts/password/",
        "/admin/recognizer/drawing/desk/",
        "/admin/dashboard/",
    ]:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        found[path] = complaints(page)
    assert {path: what for path, what in found.items() if what} == {}


@both_schemes
@pytest.mark.urls("mnist_site.tests.failing_urls")
def test_what_people_get_instead_of_a_page_is_for_everyone(
    page, context, live_server, client, scheme
):
    make_drawing(user=make_user())
    sign_in(page, client, live_server, make_user())
    page.emulate_media(color_scheme=scheme)
    found = {}

    def look(answer, status, words):
        assert (answer.status, page.locator("h1").inner_text()) == (status, words)
        found[words] = complaints(page)

    page.goto(f"{live_server.url}/my-data/")
    context.clear_cookies(name="csrftoken")
    page.locator("#id_typed").fill("delete")
    with page.expect_navigation() as sent:
        page.locator(".delete-all button").click()
    look(sent.value, 403, "Please try again")
    for path, status, words in [
        ("nothing-here/", 404, "There is nothing here"),
        ("bug/", 500, "Something broke on our side"),
        ("without-a-database/", 503, "We are back in a moment"),
        ("offline/", 200, "You are offline"),
    ]:
        look(page.goto(f"{live_server.url}/{path}"), status, words)
    sign_in(page, client, live_server, make_staff())
    answer = page.goto(f"{live_server.url}/admin/dashboard/")
    look(answer, 403, "You do not have access to this page")
    assert {words: what for words, what in found.items() if what} == {}
