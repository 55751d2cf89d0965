"""Measure the pages in a real browser, for `report`."""

import json
import os
import re
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, expect

from devtools.hands import (
    SEVEN,
    draw_with_finger,
    draw_with_mouse,
    draw_with_pen,
    wait_until_it_reads_here,
)

PHONE = ViewportSize(width=390, height=844)
NETWORK = "/models/networks/"
"""In the address of the model's weights."""

LIGHTHOUSE = "lighthouse@12.8.2"  # the last version that runs on Node.js 20
CATEGORIES = ("performance", "accessibility", "best-practices")
SECONDS_FOR_LIGHTHOUSE = 240

PEN_UPS, WARM_UP = 40, 5

_WATCH_BARS = """() => {
    window.penUps = [];
    window.longTasks = [];
    let lifted = null;
    document.addEventListener("pointerup", (event) => { lifted = event.timeStamp; }, true);
    new MutationObserver(() => {
        if (lifted !== null) {
            penUps.push(performance.now() - lifted);
            lifted = null;
        }
    }).observe(document.getElementById("bars"), {
        subtree: true, attributes: true, characterData: true, childList: true,
    });
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: "longtask" });
}"""

_COLLECT_VIOLATIONS = """() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
}"""


def bytes_of_first_visit(browser: Browser, url: str) -> dict[str, int]:
    """Count compressed bytes until a first visit is idle, service worker included.

    Start the browser with PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS=1, or the service worker's
    requests are not seen.
    """
    context = browser.new_context(viewport=PHONE)
    finished: list[Request] = []
    context.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108
    page = context.new_page()
    page.goto(url)
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_timeout(3_000)
    total = {"page": 0, "kept_for_offline": 0, "weights": 0, "requests": 0}
    for request in finished:
        sizes = request.sizes()
        kind = "weights" if NETWORK in request.url else _asked_by(request)
        total[kind] += max(0, sizes["responseBodySize"]) + max(0, sizes["responseHeadersSize"])
        total["requests"] += kind != "weights"
    context.close()
    return total


def _asked_by(request: Request) -> str:
    return "kept_for_offline" if request.service_worker else "page"


def pen_up_to_bars(browser: Browser, url: str) -> dict[str, Any]:
    """Measure ms from the end of a stroke to changed bars, and count long tasks meanwhile."""
    with open_page(browser, url) as page:
        wait_until_it_reads_here(page)
        page.evaluate(_WATCH_BARS)
        for number in range(PEN_UPS + WARM_UP):
            draw_with_mouse(page, _varied(number))
            page.wait_for_function("count => penUps.length === count", arg=number + 1)
            page.locator("#clear").click()
            # The click on Clear was also a pointer-up.
            page.evaluate("count => { penUps.length = count; }", number + 1)
        latencies: list[float] = page.evaluate("penUps")[WARM_UP:]
        long_tasks: list[float] = page.evaluate("longTasks")
    return {
        "pen_up_ms": round(statistics.median(latencies), 1),
        "pen_up_ms_p95": round(statistics.quantiles(latencies, n=20)[-1], 1),
        "pen_ups": len(latencies),
        "long_tasks": len(long_tasks),
        "longest_task_ms": max(long_tasks, default=0),
    }


def _varied(number: int) -> list[tuple[float, float]]:
    return [(x + 0.004 * (number % 9), y - 0.004 * (number % 7)) for x, y in SEVEN]


def each_pointer(browser: Browser, url: str) -> dict[str, str]:
    """Return the predictions for a 7 drawn with mouse, finger and pen."""
    read = {}
    for pointer in ("mouse", "touch", "pen"):
        with open_page(browser, url, has_touch=pointer == "touch") as page:
            wait_until_it_reads_here(page)
            devtools = page.context.new_cdp_session(page)
            if pointer == "mouse":
                draw_with_mouse(page)
            elif pointer == "touch":
                draw_with_finger(page, devtools, SEVEN)
            else:
                draw_with_pen(page, devtools, SEVEN)
            expect(page.locator("#answer-text")).to_have_text(re.compile(r"\d"))
            # It is also read while it is drawn, and half a 7 may be read as a 1.
            page.wait_for_timeout(1_000)
            read[pointer] = page.locator("#answer-text").inner_text()
    return read


def complaints(context: BrowserContext, addresses: list[str]) -> list[str]:
    """Collect console errors, exceptions and security policy violations of each page."""
    return [
        f"{address}: {what}" for address in addresses for what in _complaints_of(context, address)
    ]


def _complaints_of(context: BrowserContext, address: str) -> list[str]:
    found: list[str] = []
    page = context.new_page()
    page.add_init_script(f"({_COLLECT_VIOLATIONS})()")
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    answer = page.goto(address)
    page.wait_for_load_state("networkidle")
    found += page.evaluate("violations")
    page.close()
    # The browser logs an error for every 404 page, which is expected.
    expected = f"status of {answer.status}" if answer and answer.status >= 400 else None
    return [what for what in found if expected is None or expected not in what]


def lighthouse(url: str, chromium: str, folder: Path) -> dict[str, float]:
    """Return scores from 0 to 100 on Lighthouse's phone profile; its report stays in `folder`.

    Raises:
        RuntimeError: Lighthouse could not be installed or did not finish.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _npm("install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), LIGHTHOUSE)
    out = folder / "lighthouse"
    command = [
        *("node", str(folder / "node_modules/lighthouse/cli/index.js"), url, "--quiet"),
        *("--output=json", "--output=html", f"--output-path={out}"),
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic",
    ]
    _run(command, CHROME_PATH=chromium)
    report = json.loads(out.with_suffix(".report.json").read_text())
    return {name: round(100 * report["categories"][name]["score"]) for name in CATEGORIES}


def _npm(*arguments: str) -> None:
    _run(["npm", *arguments])


def _run(command: list[str], **env: str) -> None:
    done = subprocess.run(
        command,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=SECONDS_FOR_LIGHTHOUSE,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]}: {(done.stderr or done.stdout)[-1000:]}")


@contextmanager
def open_page(browser: Browser, url: str, *, has_touch: bool = False) -> Iterator[Page]:
    """Open the drawing page in a new session without a service worker."""
    context = browser.new_context(viewport=PHONE, has_touch=has_touch, service_workers="block")
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()
