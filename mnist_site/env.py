"""Read settings from the environment; invalid values raise ImproperlyConfigured.

`python -m mnist_site.env` prints a first `.env`, made from `.env.example`.
"""

import ipaddress
import os
import re
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent
# A server that dies closes its connections; one that loses its network just goes silent.
_PATIENCE_WITH_POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
_RATE_PERIODS = {"s", "sec", "second", "m", "min", "minute", "h", "hour", "d", "day"}


def read_env_file() -> None:
    """Load `.env` into the environment; variables that are already set take precedence."""
    load_dotenv(BASE_DIR / ".env")


def env_str(name: str, default: str = "") -> str:
    """Read a string; an empty variable counts as unset."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, *, default: bool) -> bool:
    """Read a flag that must be spelled exactly "true" or "false"."""
    value = env_str(name, str(default)).lower()
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name}={value!r}: expected 'true' or 'false'")
    return value == "true"


def env_int(name: str, *, default: int, least: int = 0) -> int:
    """Read an integer of at least `least`."""
    value = env_str(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name}={value!r}: expected a whole number from {least}")
    return int(value)


def env_share(name: str, default: float) -> float:
    """Read a number from 0 to 1."""
    value = env_str(name, str(default))
    if not re.fullmatch(r"[01]|0?\.\d+|[01]\.0+", value):
        raise ImproperlyConfigured(f"{name}={value!r}: expected a number from 0 to 1")
    return float(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_networks(name: str, default: str) -> list[str]:
    """Read a list of addresses or networks such as 172.16.0.0/12."""
    values = env_list(name, default)
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name}={value!r}: expected addresses or networks, such as 10.0.0.2,10.1.0.0/16"
            ) from None
    return values


def env_choice(name: str, *choices: str) -> str:
    """Read one of `choices`; the first is the default."""
    value = env_str(name, choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: expected {' or '.join(map(repr, choices))}")
    return value


def env_rate(name: str, default: str) -> str | None:
    """Read a rate limit such as "600/min"; "none" disables it."""
    value = env_str(name, default)
    if value == "none":
        return None
    count, _, period = value.partition("/")
    if not count.isdecimal() or int(count) < 1 or period not in _RATE_PERIODS:
        raise ImproperlyConfigured(f"{name}={value!r}: expected such as '600/min', or 'none'")
    return value


def env_secret_key(*, debug: bool) -> str:
    """Read SECRET_KEY, which has no default outside DEBUG."""
    value = env_str("SECRET_KEY")
    if value:
        return value
    if debug:
        return "insecure-key-for-debug-only"
    raise ImproperlyConfigured("SECRET_KEY is not set; `make .env` writes one")


def env_redis_url() -> str:
    """Read REDIS_URL; "" means the embedded server that `manage.py up` starts."""
    value = env_str("REDIS_URL")
    if value and urlsplit(value).scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured("REDIS_URL: expected redis://host:port/0 or rediss://…")
    return value


def env_database(default: Path) -> dict[str, Any]:
    """Read DATABASE_URL (PostgreSQL or SQLite) with persistent connections.

    Raises:
        ImproperlyConfigured: the URL is not valid. The message does not repeat it,
            since it may contain a password.
    """
    value = env_str("DATABASE_URL", f"sqlite:///{default}")
    try:
        database: dict[str, Any] = dict(dj_database_url.parse(value, conn_max_age=600))
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(_DATABASE_HINT) from error
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            # 4,000 pages of 4 kB: the log grows to 16 MB, four times the default. Pages that are
            # written repeatedly reach the database file a quarter as often.
            " PRAGMA wal_autocheckpoint=4000;",
        }
    elif database["ENGINE"] == "django.db.backends.postgresql":
        database["ENGINE"] = "mnist_site.postgresql"
        database["CONN_HEALTH_CHECKS"] = True
        database["OPTIONS"] = _PATIENCE_WITH_POSTGRES | database.get("OPTIONS", {})
    else:
        raise ImproperlyConfigured(_DATABASE_HINT)
    return database


_DATABASE_HINT = (
    "DATABASE_URL: expected postgres://user:password@host:port/name or sqlite:////path/to/file"
)


def env_storage(name: str) -> dict[str, Any]:
    """Read the storage of model files: a folder, or s3://bucket/prefix?endpoint_url=…

    Raises:
        ImproperlyConfigured: the URL is not valid.
    """
    value = env_str(name)
    if not value:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    url = urlsplit(value)
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    style = options.pop("addressing_style", "path" if "endpoint_url" in options else "auto")
    unknown = options.keys() - {"endpoint_url", "region_name"} or "" in options.values()
    endpoint = urlsplit(options.get("endpoint_url", "https://amazon"))
    is_address = endpoint.scheme in {"http", "https"} and endpoint.netloc
    # Keys are not allowed here, since they would end up in logs; they belong in AWS_*.
    is_bucket = url.scheme == "s3" and re.fullmatch(r"[\w.-]+", url.netloc)
    if not is_bucket or unknown or not is_address or style not in {"path", "virtual", "auto"}:
        raise ImproperlyConfigured(
            f"{name}: expected s3://bucket/prefix?endpoint_url=https://…&region_name=…"
        )
    return {
        "BACKEND": "recognizer.backing.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": url.netloc,
            "location": url.path.strip("/"),
            "addressing_style": style,
            "endpoint_url": options.get("endpoint_url"),
            "region_name": options.get("region_name"),
        },
    }


def first_env_file() -> str:
    """`.env.example` with a fresh SECRET_KEY filled in."""
    example = (BASE_DIR / ".env.example").read_text()
    return example.replace("SECRET_KEY=\n", f"SECRET_KEY={secrets.token_urlsafe(50)}\n", 1)


if __name__ == "__main__":
    sys.stdout.write(first_env_file())
