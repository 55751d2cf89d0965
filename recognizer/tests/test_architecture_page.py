"""docs/architecture.md shows the folders and modules that there are."""

from pathlib import Path

import pytest

from devtools import architecture


def test_its_diagrams_are_those_that_the_code_gives() -> None:
    page = architecture.PAGE.read_text("utf-8")
    assert page == architecture.renewed(page), "run `make architecture`"


def test_the_folders_stand_in_the_order_of_the_contract() -> None:
    shown = architecture.folders("recognizer")
    places = [shown.index(f"    {name}/ ") for name in ("admin", "api", "drawings", "models")]
    assert places == sorted(places)


def test_a_path_through_a_module_that_is_gone_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ("recognizer/drawings/gone.py", "", "")
    monkeypatch.setattr(architecture, "PATH", [*architecture.PATH, gone])
    with pytest.raises(LookupError, match=r"gone\.py, which does not exist"):
        architecture.path_of_a_drawing()


def test_a_module_without_a_docstring_fails(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(architecture, "ROOT", tmp_path)
    (tmp_path / "silent.py").write_text("x = 1\n")
    with pytest.raises(LookupError, match="has no docstring"):
        architecture.first_line(tmp_path / "silent.py")


def test_a_page_without_markers_fails() -> None:
    with pytest.raises(LookupError, match="no place for the diagram"):
        architecture.renewed("nothing here")
