"""What every test stands on: settings of its own, nothing read from `.env` or the shell.

It sets Django up itself: pytest-django would load the settings before any
conftest could choose them.
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
(VAR_DIR / "static").mkdir()  # WhiteNoise warns where there is none


def _choose_environment() -> None:
    """Set every variable that `.env.example` names, so that a `.env` has no say."""
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
        # Playwright keeps an event loop running in the thread of the tests.
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
    )


def _variables(prefix: str = "") -> list[str]:
    example = (ROOT / ".env.example").read_text()
    return re.findall(rf"^({prefix}[A-Z_]+)=", example, re.MULTILINE)


_choose_environment()

# Static files straight from their folders; `make run`'s own tests see the hashed ones.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In memory, all threads would share one connection, which no real site does.
    settings.DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
django.setup()

from recognizer.backing import rate_limits  # noqa: E402  after the settings
from recognizer.running.valkey import EmbeddedValkey  # noqa: E402

pytest_plugins = ["recognizer.tests.fixtures"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """A worker of pytest-xdist inherits what is set here, and has to choose first for itself."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_report_header() -> str:
    return f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}"


@pytest.fixture(autouse=True)
def _nobody_has_called_yet() -> None:
    """What a process counts by itself, without Redis, is of no other test."""
    rate_limits.forget_here()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey, the one that `manage.py up` starts too."""
    valkey = EmbeddedValkey.prepare(tmp_path_factory.mktemp("valkey"))
    with valkey.running():
        yield valkey.url
