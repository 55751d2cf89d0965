"""The layout that docs/architecture.md describes: where modules lie, and who imports whom."""

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("ml", "mnist_site", "recognizer")
ALL = (*PRODUCT, "benchmarks", "devtools")

# Django finds these by their names.
CONVENTIONAL = {"__init__", "__main__", "urls", "tests", "conftest", "migrations"}

# One is named for what is typed, the other for its table.
NAMED_OTHERWISE = ("recognizer.management.commands.", "recognizer.models.")


def modules(*packages: str) -> dict[str, Path]:
    """Every module of these packages by its dotted name, without tests and migrations."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
        if not {"tests", "migrations"} & {*file.parts} and file.stem != "conftest"
    }


def imported_by(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The known modules that a module imports, including for types and inside functions."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                if full in known:
                    yield full
                elif node.module in known:
                    yield node.module


@pytest.mark.parametrize("package", ALL)
def test_no_module_imports_itself_through_others(package: str) -> None:
    known = modules(*ALL)
    graph = {name: {*imported_by(file, known)} - {name} for name, file in known.items()}
    graph = {name: found for name, found in graph.items() if name.split(".")[0] == package}
    # A package's `__init__` re-exports what its modules define.
    inside = {name for name, file in known.items() if file.name == "__init__.py"}
    graph = {name: found for name, found in graph.items() if name not in inside}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("package", ALL)
def test_nothing_but_tests_imports_tests(package: str) -> None:
    tests = {"tests", "conftest"}
    found = {
        name: imported
        for name, file in modules(package).items()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for imported in [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
        if imported.split(".")[0] in ALL and tests & {*imported.split(".")}
    }
    assert found == {}


@pytest.mark.parametrize(("package", "most"), [("recognizer", 5), ("ml", 8)])
def test_few_modules_lie_outside_the_folders(package: str, most: int) -> None:
    assert len(list((ROOT / package).glob("*.py"))) <= most


def test_the_app_has_few_entries() -> None:
    entries = [path for path in (ROOT / "recognizer").iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 26


@pytest.mark.parametrize("packages", [("recognizer", "mnist_site"), ("ml",)])
def test_no_two_modules_share_a_name(packages: tuple[str, ...]) -> None:
    names = Counter(
        file.stem
        for name, file in modules(*packages).items()
        if file.stem not in CONVENTIONAL and not name.startswith(NAMED_OTHERWISE)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("packages", [("recognizer", "mnist_site"), ("ml",)])
def test_no_two_classes_share_a_name(packages: tuple[str, ...]) -> None:
    names = Counter(
        node.name
        for name, file in modules(*packages).items()
        if not name.startswith(NAMED_OTHERWISE[0])
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("package", PRODUCT)
def test_tests_lie_beside_what_they_test(package: str) -> None:
    """Tests lie in a folder `tests`; those that cross folders in recognizer/tests."""
    across = ROOT / "recognizer" / "tests"
    misplaced = [
        file
        for file in (ROOT / package).rglob("test_*.py")
        if file.parent.name != "tests" and not file.is_relative_to(across)
    ]
    assert misplaced == []
