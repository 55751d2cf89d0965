"""What a report says while it runs, and where its figures go."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def say(text: str) -> None:
    """A line of progress, which is no part of the report."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def write(figures: Mapping[str, Any], output: Path) -> None:
    """Write them as JSON, in a folder that need not be there yet."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=1) + "\n")
