"""The test's own database, for processes that a test starts."""

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """As DATABASE_URL names it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user, password, host = (quote(database[name], safe="") for name in ("USER", "PASSWORD", "HOST"))
    return f"postgres://{user}:{password}@{host}:{database['PORT']}/{database['NAME']}"
