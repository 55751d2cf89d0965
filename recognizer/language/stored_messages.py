"""Messages stored as a code and parameters in JSON, to be rendered in any language.

An example is `{"code":"made","number":3}`. The sentences are in `run_messages` for training runs,
and in `registry/reasons.py` for verdicts and promotions.
"""

import json
from typing import Any


def message(code: str, /, **parameters: Any) -> str:
    """A message in its stored form; a parameter may itself be a message."""
    return json.dumps(
        {"code": code, **parameters}, ensure_ascii=False, separators=(",", ":"), default=str
    )


def parsed(stored: str) -> dict[str, Any]:
    """A stored message's parameters, with its code under "code"; empty if it is not one."""
    if not stored.startswith('{"code":"'):
        return {}
    try:
        found: dict[str, Any] = json.loads(stored)
    except ValueError:
        return {}
    return found
