"""Formatters for log records: plain lines or JSON (LOG_FORMAT).

The settings import these classes, so this module cannot depend on Django's apps.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from recognizer.monitoring import request_ids


class LineFormatter(logging.Formatter):
    """Appends the request's id to each line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        line = super().formatMessage(record)
        identity = request_ids.current.get()
        return f"{line} [{identity}]" if identity else line


class JsonFormatter(logging.Formatter):
    """Writes one JSON object per line, including the fields of `extra={"fields": {…}}`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identity := request_ids.current.get():
            entry["request_id"] = identity
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
