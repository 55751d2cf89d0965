"""Find Chromium for browser tests; `python -m devtools.chromium` installs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

LAUNCH_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of the system's browser, else of Playwright's, else None."""
    for name in _NAMES:
        path = shutil.which(name)
        if path and _starts(path):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> str | None:
    """Install Debian's package, else Playwright's own download."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _try("apt-get", "update", "-qq")
        _try(*"apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core".split())
    if find() is None:
        _try(sys.executable, "-m", "playwright", "install", "chromium")
    return find()


def _starts(path: str) -> bool:
    # Ubuntu's "chromium-browser" may be a stub that only advertises a snap.
    return subprocess.run([path, "--version"], capture_output=True).returncode == 0


def _try(*command: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr)


if __name__ == "__main__":
    if not (find() or install()):
        sys.exit("No Chromium: neither the system, apt-get nor Playwright has one; install one.")
