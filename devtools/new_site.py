"""A new site, as after the first `make run`, and a browser, for scripts that look at it."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from devtools import chromium
from devtools.running_site import UP, RunningUp, environment


@contextmanager
def browser_on_a_new_site() -> Iterator[tuple[Browser, RunningUp, str]]:
    """Start a browser and `manage.py up` on an empty folder; also yield Chromium's path.

    Raises:
        SystemExit: there is no Chromium.
    """
    path = chromium.find()
    if path is None:
        sys.exit("No Chromium: `python -m devtools.chromium` gets one.")
    with TemporaryDirectory() as var, sync_playwright() as playwright:
        up = RunningUp(UP, environment(Path(var) / "var"))
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.LAUNCH_ARGS))
        try:
            up.wait_for("Ready on")
            yield browser, up, path
        finally:
            browser.close()
            up.interrupt()


def password_of_staff(up: RunningUp) -> str:
    """Return the first account's password, which `up` prints once."""
    found = re.search(r"[Pp]assword:?\s+(\S+)", up.output)
    assert found, up.output
    return found[1]
