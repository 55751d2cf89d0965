"""`make page-report`: the speed, size and quality of the pages in a real browser.

    python -m benchmarks.pages

Starts `manage.py up` on an empty folder, measures, prints a table and writes reports/page.json.
"""

import os
import re
import sys
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from benchmarks.common.aims import Check, checks_as_markdown
from benchmarks.common.figures import publish, say, write
from benchmarks.pages import measures
from devtools.browser_person import Person
from devtools.new_site import browser_on_a_new_site, password_of_staff
from devtools.running_site import ROOT, RunningUp

REPORT = ROOT / "reports/page.json"
MOST_BYTES, MOST_PEN_UP_MS, LEAST_SCORE = 150_000, 30, 95
DESKTOP = ViewportSize(width=1280, height=860)


def main() -> None:
    os.environ["PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS"] = "1"
    with browser_on_a_new_site() as (browser, up, path):
        figures = measure(browser, up, path)
    write(figures, REPORT)
    rows = table(figures)
    print(checks_as_markdown(rows))
    publish("page-report", checks_as_markdown(rows))
    print(f"{REPORT.relative_to(ROOT)} is written.")
    if not all(reached for *_, reached in rows):
        sys.exit(1)


def measure(browser: Browser, up: RunningUp, path: str) -> dict[str, Any]:
    """Measure all figures of the report."""
    say("size of a first visit")
    figures: dict[str, Any] = {"first_visit": measures.bytes_of_first_visit(browser, up.url)}
    say("pen-up to bars")
    figures |= measures.pen_up_to_bars(browser, up.url)
    say("mouse, touch, pen")
    figures["pointers"] = measures.each_pointer(browser, up.url)
    say("every page's console")
    figures |= look_at_every_page(browser, up)
    say("Lighthouse")
    figures["lighthouse"] = measures.lighthouse(up.url, path, ROOT / "build/lighthouse")
    return figures


def look_at_every_page(browser: Browser, up: RunningUp) -> dict[str, Any]:
    """Open every page; return the number of pages and their console errors."""
    artist = Person(browser.new_context(viewport=DESKTOP).new_page(), up.url)
    artist.go("/")
    artist.draw("7")
    artist.expect_reading("7", version=1)
    artist.save()
    public = addresses_of_a_visitor(artist.page, up.url)
    staff = Person(browser.new_context(viewport=DESKTOP).new_page(), up.url)
    staff.log_in("admin", password_of_staff(up))
    inside = addresses_of_staff(staff.page)
    found = measures.complaints(artist.page.context, public)
    found += measures.complaints(staff.page.context, inside)
    return {"pages": len(public) + len(inside), "complaints": found}


def addresses_of_a_visitor(page: Page, url: str) -> list[str]:
    base = url.rstrip("/")
    fixed = ["/", "/drawings/", "/my-data/", "/offline/", "/api/v1/docs/", "/admin/login/",
             "/accounts/login/"]  # fmt: skip
    page.goto(f"{base}/drawings/")
    page.locator("a[href*='/drawings/']").first.wait_for()
    of_drawings = links(page, r"/drawings/[0-9a-f-]{36}/$")
    assert of_drawings, "the gallery shows no drawing"
    return [f"{base}{path}" for path in (*fixed, "/is-not-here/")] + of_drawings


def addresses_of_staff(page: Page) -> list[str]:
    """Return the admin's index, its lists, one page of each kind, and the account pages."""
    lists = links(page, r"/admin/.+/$")
    found = [page.url, *lists]
    for address in lists:
        if "logout" not in address:
            page.goto(address)
            found += links(page, r"/admin/recognizer/\w+/\d+/change/$")[:1]
    site = page.url.partition("/admin/")[0]
    found += [f"{site}/accounts/", f"{site}/accounts/password/"]
    return sorted({address for address in found if "logout" not in address})


def links(page: Page, pattern: str) -> list[str]:
    hrefs: list[str] = page.evaluate("Array.from(document.links, (link) => link.href)")
    return list(dict.fromkeys(href for href in hrefs if re.search(pattern, href)))


def table(figures: dict[str, Any]) -> list[Check]:
    """Return each figure with its aim."""
    visit, scores = figures["first_visit"], figures["lighthouse"]
    size = visit["page"] + visit["kept_for_offline"]
    read = figures["pointers"]
    return [
        ("first visit, compressed, without the weights", f"{size / 1000:.0f} kB",
         "under 150 kB", size < MOST_BYTES),
        *((f"Lighthouse, phone: {name}", f"{score:.0f}", "95", score >= LEAST_SCORE)
          for name, score in scores.items()),
        ("pen up to changed bars", f"{figures['pen_up_ms']} ms (p95 {figures['pen_up_ms_p95']} ms)",
         "under 30 ms", figures["pen_up_ms"] < MOST_PEN_UP_MS),
        ("tasks over 50 ms while drawing", str(figures["long_tasks"]),
         "none", figures["long_tasks"] == 0),
        (f"console errors on {figures['pages']} pages", str(len(figures["complaints"])),
         "none", not figures["complaints"]),
        ("a 7 by mouse, touch and pen", " ".join(read.values()),
         "7 7 7", set(read.values()) == {"7"}),
    ]  # fmt: skip
