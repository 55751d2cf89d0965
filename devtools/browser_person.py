"""Drive the site in a real browser as a person does, step by step."""

import re

from playwright.sync_api import Page, expect

from devtools import golden

SECONDS_FOR_A_TRAINING = 170


class Person:
    """A person with a browser on the site at `url`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url.rstrip("/")

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def draw(self, digit: str) -> None:
        """Draw a golden digit on the canvas with the mouse."""
        canvas = self.page.locator("#canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        for stroke in golden.STROKES[digit]:
            places = [(box["x"] + x / 280 * box["width"], box["y"] + y / 280 * box["height"])
                      for x, y in stroke]  # fmt: skip
            self.page.mouse.move(*places[0])
            self.page.mouse.down()
            for place in places[1:]:
                self.page.mouse.move(*place, steps=3)
            self.page.mouse.up()

    def expect_reading(self, digit: str, version: int) -> None:
        expect(self.page.locator("#answer-text")).to_have_text(digit)
        expect(self.page.locator("#version")).to_contain_text(re.compile(rf"\b{version}\b"))

    def save(self) -> None:
        self.page.locator("#save").click()
        expect(self.page.locator("#correction")).to_be_visible()

    def correct(self, label: str) -> None:
        self.page.locator("#correct-no").click()
        self.page.locator(f"#correct-{label}").click()
        expect(self.page.locator("#correct-thanks")).to_be_visible()

    def log_in(self, username: str, password: str) -> None:
        self.go("/admin/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password)
        self.page.click("input[type=submit]")
        expect(self.page.locator("#user-tools")).to_be_visible()

    def choose_action(self, description: str, *, on_all_rows: bool) -> None:
        """Run an admin action from the list on the current page."""
        if on_all_rows:
            self.page.locator("#action-toggle").check()
        self.page.select_option("select[name=action]", label=description)
        self.page.locator("button[name=index]").first.click()

    def approve_suggestions(self) -> None:
        self.go("/admin/recognizer/drawing/")
        self.choose_action("Approve the suggested labels", on_all_rows=True)
        expect(self.page.locator(".messagelist .success").first).to_be_visible()

    def retrain_on_all_approved(self) -> None:
        """Start a retraining, and end on the run's page."""
        self.go("/admin/recognizer/drawing/")
        self.choose_action("Retrain on all approved drawings", on_all_rows=False)
        expect(self.page.locator("#training-run")).to_be_visible()

    def wait_for_the_run(self) -> None:
        """Wait on the run's live page until the run has succeeded."""
        state = self.page.locator("#training-run [data-field=state]")
        over = re.compile("succeeded|failed|cancelled")
        expect(state).to_have_text(over, timeout=SECONDS_FOR_A_TRAINING * 1000)
        error = self.page.locator("#training-run [data-field=error]").text_content()
        assert state.text_content() == "succeeded", error

    def promote_what_the_run_made(self) -> None:
        self.page.locator("#training-run dl a").click()
        self.page.get_by_role("button", name=re.compile("^Promote")).click()
        reason, done = (
            self.page.locator("#override-reason"),
            self.page.locator(".messagelist .success").first,
        )
        expect(reason.or_(done)).to_be_visible()
        if reason.count():
            reason.fill("One drawing is too few for a verdict; I have looked at it.")
            self.page.get_by_role("button", name=re.compile("anyway$")).click()
        expect(done).to_be_visible()
