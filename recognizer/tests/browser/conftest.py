"""A real browser for these tests, the system's Chromium, and the drawing page open in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page

from devtools import chromium

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.find()
    if path is None:
        pytest.fail("No Chromium: `python -m devtools.chromium` gets one.", pytrace=False)
    return {**browser_type_launch_args, "executable_path": path, "args": chromium.LAUNCH_ARGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Without a service worker: Playwright sees no request that goes through one."""
    return {**browser_context_args, "service_workers": "block"}


@pytest.fixture
def expected_complaints() -> list[str]:
    """Parts of the console's errors that the test itself brings about."""
    return []


@pytest.fixture
def draw_page(page: Page, live_server, expected_complaints: list[str]) -> Iterator[Page]:
    """The page, open; the test fails if the browser's console has an error at its end."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live_server.url)
    yield page
    assert [
        text for text in complaints if not any(part in text for part in expected_complaints)
    ] == []


@pytest.fixture
def devtools(context: BrowserContext, draw_page: Page) -> CDPSession:
    return context.new_cdp_session(draw_page)


@pytest.fixture
def answer_with(draw_page: Page, expected_complaints: list[str]) -> Callable[..., None]:
    """Lets the server's edge answer with an error."""

    def answer_with(url: str, status: int, **response: Any) -> None:
        expected_complaints.append(f"status of {status}")
        draw_page.route(url, lambda route: route.fulfill(status=status, **response))

    return answer_with


@pytest.fixture
def cut_off(draw_page: Page, expected_complaints: list[str]) -> Callable[[str], None]:
    """Lets requests fail as they do without a network."""

    def cut_off(url: str) -> None:
        expected_complaints.append("ERR_INTERNET_DISCONNECTED")
        draw_page.route(url, lambda route: route.abort("internetdisconnected"))

    return cut_off
