"""The product's main job, as one person after another does it, on everything real."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from devtools.browser_person import Person
from devtools.new_site import password_of_staff
from devtools.running_site import UP, RunningUp, environment

pytestmark = [pytest.mark.services, pytest.mark.slow]

SECONDS_FOR_THE_LOOP = 180
# Somebody who draws finds out within a quarter of a minute (readers.js).
SECONDS_TO_TAKE_UP_A_VERSION = 20


@pytest.fixture
def up(tmp_path: Path) -> Iterator[RunningUp]:
    """`manage.py up` in a fresh folder: as after the first `make run`."""
    # The one drawing of this test must be trained on, not put in the test set.
    running = RunningUp(UP, {**environment(tmp_path / "var"), "HELD_OUT_SHARE": "0"})
    try:
        running.wait_for("Ready on")
        yield running
    finally:
        running.interrupt()


def test_a_drawing_is_read_saved_corrected_approved_learned_from_and_answered_anew(
    up: RunningUp, page: Page, browser: Browser
) -> None:
    started = time.monotonic()
    artist = Person(page, up.url)
    artist.go("/")
    artist.draw("7")
    artist.expect_reading("7", version=1)
    artist.save()
    artist.correct("1")

    staff = Person(browser.new_page(), up.url)
    staff.log_in("admin", password_of_staff(up))
    staff.approve_suggestions()
    staff.retrain_on_all_approved()
    staff.wait_for_the_run()
    staff.promote_what_the_run_made()

    # The page that was open all the while takes it up by itself: no reload.
    artist.page.locator("#clear").click()
    artist.draw("3")
    expect(artist.page.locator("#version")).to_have_text(
        "Read here by version 2", timeout=SECONDS_TO_TAKE_UP_A_VERSION * 1000
    )
    artist.expect_reading("3", version=2)
    taken = time.monotonic() - started
    print(f"the whole loop took {taken:.0f} s")
    assert taken < SECONDS_FOR_THE_LOOP
