"""A site as after the first `make run`, with a browser: what scripts that look at it begin with."""

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
    """A browser, `manage.py up` on an empty folder, and where Chromium is. All of it ends after.

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
    """Of the first account, which `up` prints once."""
    found = re.search(r"[Pp]assword:?\s+(\S+)", up.output)
    assert found, up.output
    return found[1]
