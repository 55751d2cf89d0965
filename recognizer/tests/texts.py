"""The translatable texts of templates, Python and scripts, and the entries of a .po file."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]

_CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
_OF_TEMPLATES = re.compile(r"""\b(?:n?gettext|_)\(\s*(u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""")
_OF_SCRIPTS = re.compile(r'\b(n?gettext)\(\s*("(?:[^"\\]|\\.)*")')
_ANY_CALL_OF_SCRIPTS = re.compile(r"(?<!function )\bn?gettext\((?!text\)|singular,)")


@dataclass(frozen=True)
class Entry:
    """A text of a .po file with its translation, or one translation for each plural form."""

    text: str
    translations: tuple[str, ...]
    is_fuzzy: bool


def used_in_site() -> dict[str, str]:
    """Each text in templates and Python, with the name of a file that contains it."""
    found = {}
    for path in _files("templates", "*.html", "*.webmanifest"):
        found.update(dict.fromkeys(_in_template(path), path.name))
    for path in _files("recognizer", "*.py"):
        found.update(dict.fromkeys(_in_python(path), path.name))
    return found


def used_in_scripts() -> dict[str, str]:
    """Each text in scripts, with the name of a file that contains it."""
    found = {}
    for path in _files("static/recognizer", "*.js"):
        code = path.read_text("utf-8")
        texts = [ast.literal_eval(match[2]) for match in _OF_SCRIPTS.finditer(code)]
        assert len(texts) == len(_ANY_CALL_OF_SCRIPTS.findall(code)), f"{path}: not a plain string"
        found.update(dict.fromkeys(texts, path.name))
    return found


def read_po(path: Path) -> Iterator[Entry]:
    for block in path.read_text("utf-8").split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith('"'):
                fields[name] += ast.literal_eval(line)
            elif not line.startswith("#"):
                name, _, text = line.partition(" ")
                fields[name] = ast.literal_eval(text)
        translations = (text for name, text in fields.items() if name.startswith("msgstr"))
        yield Entry(
            fields["msgid"], tuple(translations), bool(re.search("^#,.*fuzzy", block, re.M))
        )


def _files(folder: str, *patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        for path in (ROOT / folder).rglob(pattern):
            if not {"tests", "vendor", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path


def _in_template(path: Path) -> Iterator[str]:
    """The texts of a template, which `templatize` turns into calls of gettext."""
    for line in templatize(path.read_text("utf-8"), origin=str(path)).splitlines():
        for match in _OF_TEMPLATES.finditer(line):
            yield ast.literal_eval(match[1])


def _in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _CALLS
        ):
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value
