"""Settings and fixtures for all tests, independent of `.env` and the shell.

This file sets Django up, since pytest-django would load the settings before a conftest
could choose them.
"""

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings

ROOT = Path(__file__).parent
VAR_DIR = Path(tempfile.mkdtemp(prefix="recogniser-tests-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
(VAR_DIR / "static").mkdir()  # WhiteNoise warns if it is missing


def _choose_environment() -> None:
    """Set every variable in `.env.example`, so that a `.env` has no effect."""
    throttles = {name: os.environ.get(name) or "none" for name in _variables("THROTTLE_")}
    database = os.environ.get("DATABASE_URL", "")
    os.environ.update(dict.fromkeys(_variables(), ""))
    os.environ.update(throttles)
    os.environ.update(
        DATABASE_URL=database,
        SECRET_KEY="only-for-tests",
        DEBUG="false",
        VAR_DIR=str(VAR_DIR),
        DJANGO_SETTINGS_MODULE="mnist_site.settings",
        # Playwright runs an event loop in the tests' thread.
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
    )


def _variables(prefix: str = "") -> list[str]:
    example = (ROOT / ".env.example").read_text()
    return re.findall(rf"^({prefix}[A-Z_]+)=", example, re.MULTILINE)


_choose_environment()

# Static files straight from their folders; only the tests of `make run` use hashed names.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # With an in-memory database, all threads would share one connection, unlike on a real site.
    settings.DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
django.setup()

from recognizer.backing import rate_limits  # noqa: E402  after the settings
from recognizer.running.valkey import EmbeddedValkey  # noqa: E402

pytest_plugins = ["recognizer.tests.fixtures"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Unset the settings module, so that xdist workers do not inherit it before they choose."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_report_header() -> str:
    return f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}"


@pytest.fixture(autouse=True)
def _reset_rate_limits() -> None:
    """Reset the rate limits that this process counts without Redis."""
    rate_limits.forget_here()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Valkey, the server that `manage.py up` starts."""
    valkey = EmbeddedValkey.prepare(tmp_path_factory.mktemp("valkey"))
    with valkey.running():
        yield valkey.url
