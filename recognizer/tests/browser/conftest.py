"""A real browser for these tests: the system's Chromium."""

from pathlib import Path
from typing import Any

import pytest

from recognizer.tests import chromium

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.find()
    if path is None:
        pytest.fail("No Chromium: `python -m recognizer.tests.chromium` gets one.", pytrace=False)
    return {**browser_type_launch_args, "executable_path": path, "args": chromium.LAUNCH_ARGS}
