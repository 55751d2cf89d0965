"""The tables of docs/measurements.md, which the reports update."""

import re
from pathlib import Path

import pytest

from benchmarks.common import figures

ROOT = Path(__file__).parents[2]


def published_by_reports() -> set[str]:
    code = "".join(file.read_text() for file in (ROOT / "benchmarks").glob("*/report.py"))
    return set(re.findall(r'publish\("([\w-]+)"', code))


def test_every_report_has_a_place_in_the_measurements() -> None:
    page = (ROOT / figures.MEASUREMENTS).read_text()
    names = published_by_reports()
    assert len(names) >= 6
    for name in names:
        assert page.count(f"<!-- {name} -->") == page.count(f"<!-- end of {name} -->") == 1


def test_a_report_updates_its_table_only_when_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- soak -->\nold\n<!-- end of soak -->\nafter\n")
    monkeypatch.setattr(figures, "MEASUREMENTS", page)
    monkeypatch.delenv("DOCS", raising=False)
    figures.publish("soak", "new")
    assert "old" in page.read_text()
    monkeypatch.setenv("DOCS", "1")
    figures.publish("soak", "new")
    assert page.read_text() == "before\n<!-- soak -->\nnew\n<!-- end of soak -->\nafter\n"
