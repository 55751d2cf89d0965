"""Print a report's progress and write its figures."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml.evaluation.report import replace_table

MEASUREMENTS = Path("docs/measurements.md")


def say(text: str) -> None:
    """Print a progress line, which is not part of the report."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def write(figures: Mapping[str, Any], output: Path) -> None:
    """Write the figures as JSON, and create the folder if needed."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=1) + "\n")


def publish(name: str, table: str) -> None:
    """Put a report's table into docs/measurements.md, if DOCS is set in the environment."""
    if os.environ.get("DOCS"):
        replace_table(MEASUREMENTS, name, table)
        say(f"The table of {name} in {MEASUREMENTS} is up to date.")
