"""Print a report's progress and write its figures."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def say(text: str) -> None:
    """Print a progress line, which is not part of the report."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def write(figures: Mapping[str, Any], output: Path) -> None:
    """Write the figures as JSON, and create the folder if needed."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=1) + "\n")
