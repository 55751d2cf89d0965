"""Take the screenshots of the docs from a running site.

    python -m devtools.screenshots docs/screenshots

Starts `manage.py up` on an empty folder and takes screenshots while a person
draws, saves, corrects, approves, retrains and promotes.
"""

import argparse
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect

from devtools.browser_person import Person
from devtools.new_site import browser_on_a_new_site, password_of_staff
from devtools.running_site import RunningUp

PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=860)


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of the docs again.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with browser_on_a_new_site() as (browser, up, _):
        walk(browser, up, folder)


def walk(browser: Browser, up: RunningUp, folder: Path) -> None:
    """Go through the whole loop and take a screenshot at each step."""
    artist = Person(browser.new_page(viewport=DESKTOP), up.url)
    for digit in "5174903682":
        artist.go("/")
        artist.draw(digit)
        artist.expect_reading(digit, version=1)
        artist.save()
        artist.correct(digit)
    artist.go("/")
    artist.draw("3")
    artist.expect_reading("3", version=1)
    take(artist.page, folder / "draw-desktop.png")
    artist.go("/drawings/")
    take(artist.page, folder / "history-desktop.png")

    phone = Person(browser.new_page(viewport=PHONE, device_scale_factor=2, has_touch=True), up.url)
    phone.go("/")
    phone.draw("8")
    phone.expect_reading("8", version=1)
    take(phone.page, folder / "draw-phone.png")

    staff = Person(browser.new_page(viewport=DESKTOP), up.url)
    staff.log_in("admin", password_of_staff(up))
    staff.approve_suggestions()
    take(staff.page, folder / "admin-drawings.png")
    staff.retrain_on_all_approved()
    # After two epochs the run has curves to show.
    expect(staff.page.locator("[data-field=epoch]")).to_contain_text("3 of", timeout=120_000)
    take(staff.page, folder / "admin-run.png")
    staff.wait_for_the_run()
    staff.promote_what_the_run_made()
    take(staff.page, folder / "admin-version.png")


def take(page: Page, path: Path) -> None:
    """Take a screenshot of the window."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled")
    print(path)


if __name__ == "__main__":
    main()
