import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from mnist_site import env

ROOT = Path(__file__).parents[2]


def variables_read() -> set[str]:
    """Every variable that the settings read."""
    text = (ROOT / "mnist_site" / "settings.py").read_text()
    asked = set(re.findall(r'env_\w+\(\s*"([A-Z_]+)"', text))
    return asked | {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"}


def test_every_setting_stands_in_the_example_and_in_the_operators_table() -> None:
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    operations = (ROOT / "docs" / "operations.md").read_text()
    table = set(re.findall(r"`([A-Z_]{4,})`", operations.split("\n## ")[2]))
    assert variables_read() == example
    assert example <= table
    assert len(example) > 10


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", "yes", "expected 'true' or 'false'"),
        ("WEB_PORT", "eighty", "whole number"),
        ("WEB_PROCESSES", "0", "whole number from 1"),
        ("HELD_OUT_SHARE", "1.5", "number from 0 to 1"),
        ("MAX_CONTRIBUTOR_SHARE", "nan", "number from 0 to 1"),
        ("THROTTLE_PREDICT", "many", "such as '600/min'"),
        ("THROTTLE_PREDICT", "0/min", "such as '600/min'"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL: expected postgres://"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: expected postgres://"),
        ("REDIS_URL", "http://x", "REDIS_URL: expected redis://"),
        ("TRUSTED_PROXIES", "the proxy", "expected addresses or networks"),
        ("STORAGE_URL", "/var/models", "STORAGE_URL: expected s3://bucket"),
        ("STORAGE_URL", "s3://key:secret@bucket", "STORAGE_URL: expected s3://bucket"),
        ("STORAGE_URL", "s3://bucket?endpoint=http://x", "STORAGE_URL: expected s3://bucket"),
        ("SECRET_KEY", "", "SECRET_KEY is not set"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_one_clear_line(
    name: str, value: str, words: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check"],
        env={"PATH": "/usr/bin:/bin", "SECRET_KEY": "x", "VAR_DIR": str(tmp_path), name: value},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_rate_of_none_switches_a_throttle_off(monkeypatch: Any) -> None:
    monkeypatch.setenv("THROTTLE_X", "none")
    assert env.env_rate("THROTTLE_X", "5/min") is None
    monkeypatch.setenv("THROTTLE_X", "")
    assert env.env_rate("THROTTLE_X", "5/min") == "5/min"


def test_the_first_env_file_has_a_fresh_key_each_time() -> None:
    first, second = env.first_env_file(), env.first_env_file()
    assert first != second
    key = re.search(r"^SECRET_KEY=(.{50,})$", first, re.MULTILINE)
    assert key
    assert "SECRET_KEY=\n" not in first


def test_a_secret_key_is_needed_outside_debug(monkeypatch: Any) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    assert env.env_secret_key(debug=True)
    with pytest.raises(ImproperlyConfigured):
        env.env_secret_key(debug=False)


def test_with_https_browsers_are_kept_to_it(tmp_path: Path) -> None:
    program = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY,"
        " s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS >= 31536000,"
        " s.SECURE_HSTS_INCLUDE_SUBDOMAINS)"
    )
    env = {"SECRET_KEY": "x", "VAR_DIR": str(tmp_path), "HTTPS": "true"}
    env |= {"DJANGO_SETTINGS_MODULE": "mnist_site.settings", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True"] * 6, done.stderr


def test_what_the_url_says_of_waiting_for_postgresql_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me@db/site?connect_timeout=9")
    database = env.env_database(Path("none"))
    assert str(database["OPTIONS"]["connect_timeout"]) == "9"
    assert database["OPTIONS"]["tcp_user_timeout"] > 0
    assert database["CONN_HEALTH_CHECKS"]
