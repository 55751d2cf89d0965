"""Draw the diagrams of docs/architecture.md from the code: `python -m devtools.architecture`.

The folders come from the layers contracts in pyproject.toml, what each holds from the first line
of its docstring.
"""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"

PATH = [
    ("static/recognizer/js/pointer.js", "Hear mouse, finger and pen", "strokes"),
    ("static/recognizer/js/api.js", "Send the strokes", "POST /api/v1/drawings/"),
    ("recognizer/api/views.py", "", "the body"),
    ("recognizer/api/request_body.py", "", "ink"),
    ("recognizer/drawings/recognition.py", "", "ink"),
    ("ml/drawing/preprocessing.py", "", "a 28x28 bitmap"),
    ("ml/reading/inference.py", "", "scores"),
    ("recognizer/models/drawing.py", "", "rows"),
    ("recognizer/drawings/review.py", "", "approved labels"),
    ("recognizer/training/retraining.py", "", "a frozen list"),
    ("ml/learning/training.py", "", "a candidate"),
    ("recognizer/registry/gate.py", "", "a verdict"),
    ("recognizer/registry/promotion.py", "", "the active version"),
    ("recognizer/registry/active_model.py", "", ""),
]
"""The path of a drawing: a file, what it does if it has no docstring, and what it hands on."""

BACK = ("recognizer/registry/active_model.py", "recognizer/drawings/recognition.py")
"""The path is a circle: in every process, the next drawing is read by the promoted version."""


def layers(package: str) -> list[list[str]]:
    """The modules of a package's layers contract, top to bottom."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    for contract in contracts["contracts"]:
        if contract.get("containers") == [package]:
            return [layer.split(" | ") for layer in contract["layers"]]
    raise LookupError(f"pyproject.toml has no layers contract for {package}")


def first_line(file: Path) -> str:
    """The first line of a module's docstring, without its full stop.

    Raises:
        LookupError: the module has no docstring.
    """
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    if not docstring:
        raise LookupError(f"{file.relative_to(ROOT)} has no docstring")
    return docstring.splitlines()[0].rstrip(".")


def folders(package: str) -> str:
    """The folders of a package as text, each with what it holds."""
    lines = [f"{package}/  {first_line(ROOT / package / '__init__.py')}"]
    for layer in layers(package):
        for name in layer:
            folder = ROOT / package / name
            is_folder = folder.is_dir()
            file = folder / "__init__.py" if is_folder else folder.with_suffix(".py")
            shown = f"{name}/" if is_folder else f"{name}.py"
            lines.append(f"    {shown:<14} {first_line(file)}")
    return "```text\n" + "\n".join(lines) + "\n```"


def path_of_a_drawing() -> str:
    """A Mermaid chart of what a drawing goes through."""
    nodes, arrows = [], []
    for i, (name, words, handed_on) in enumerate(PATH):
        file = ROOT / name
        if not file.is_file():
            raise LookupError(f"the path of a drawing names {name}, which does not exist")
        meaning = words or first_line(file).replace("`", "").replace('"', "'")
        nodes.append(f'    n{i}["<b>{name}</b><br>{meaning}"]')
        if handed_on:
            arrows.append(f'    n{i} -->|"{handed_on}"| n{i + 1}')
    names = [name for name, _, _ in PATH]
    start, end = (names.index(name) for name in BACK)
    arrows.append(f'    n{start} -.->|"within a second, in every process"| n{end}')
    return "```mermaid\nflowchart TD\n" + "\n".join([*nodes, *arrows]) + "\n```"


def diagrams() -> dict[str, str]:
    """What belongs between the markers of the page."""
    return {
        "folders": folders("recognizer") + "\n\n" + folders("ml"),
        "path": path_of_a_drawing(),
    }


def renewed(page: str) -> str:
    """The page with its diagrams drawn anew.

    Raises:
        LookupError: the page lacks the markers of a diagram.
    """
    for name, diagram in diagrams().items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        head, found, rest = page.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise LookupError(f"the page has no place for the diagram of the {name}")
        page = f"{head}{begin}\n{diagram}\n{end}{tail}"
    return page


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
