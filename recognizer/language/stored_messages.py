"""Messages that are stored for readers of any language: a code and its parameters, as JSON.

`{"code":"made","number":3}`. Whoever shows one has the sentences of its codes: `run_messages`
for training runs, `registry/reasons.py` for verdicts and promotions.
"""

import json
from typing import Any


def message(code: str, /, **parameters: Any) -> str:
    """A message as it is stored; a parameter may be a message itself."""
    return json.dumps(
        {"code": code, **parameters}, ensure_ascii=False, separators=(",", ":"), default=str
    )


def parsed(stored: str) -> dict[str, Any]:
    """The parameters of a message, and its code under "code"; empty if it is none."""
    if not stored.startswith('{"code":"'):
        return {}
    try:
        found: dict[str, Any] = json.loads(stored)
    except ValueError:
        return {}
    return found
