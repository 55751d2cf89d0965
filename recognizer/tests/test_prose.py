"""The documentation is short, its sentences too, and what it points at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
WITH_PATHS = [*PAGES, ROOT / "CONTRIBUTING.md"]

MOST_WORDS = 30
MOST_LINES = 140

PACKAGES = "benchmarks|devtools|docs|ml|mnist_site|recognizer|static|templates"


def read(page: Path) -> str:
    return page.read_text("utf-8")


def prose(text: str) -> list[str]:
    """Paragraphs and list items of a Markdown page, without code, tables and lists of links."""
    text = re.sub(r"(?ms)^```.*?^```$", "", text)
    text = re.sub(r"(?s)<!--.*?-->", "", text)
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines = [
            line
            for line in block.splitlines()
            if not re.match(r" {4}|\||#|\s*- \[[^\]]*\]\([^)]*\)$", line)
        ]
        blocks += re.split(r"\n(?=\s*(?:-|\d+\.) )", "\n".join(lines))
    return [block for block in blocks if block.strip()]


def sentences(block: str) -> list[str]:
    """The sentences of a paragraph; a link is its text, a piece of code one word."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(block.split()))
    text = re.sub(r"`[^`]*`", "code", text)
    return re.split(r"(?<=[.!?])[*_)\"”]* +(?=[*_(\"“]*[A-Z0-9a-z])", text)


def too_long(text: str) -> list[str]:
    return [
        sentence
        for block in prose(text)
        for sentence in sentences(block)
        if sum(bool(re.search(r"\w", word)) for word in sentence.split()) > MOST_WORDS
    ]


def anchor(heading: str) -> str:
    """The fragment under which GitHub links to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_a_long_sentence_is_found_and_code_tables_and_links_are_not_counted() -> None:
    long = "word " * 31
    assert too_long(f"Short.\n\nA {long}end. Short.") == [f"A {long}end."]
    assert too_long(f"- {long}\n- short") == [f"- {long}".strip()]
    assert too_long(f"| {long} |\n\n    {long}\n\n```text\n{long}\n```") == []
    assert too_long(f"{'word ' * 15}end. {'word ' * 15}end.") == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_sentence_is_longer_than_thirty_words(page: Path) -> None:
    assert too_long(read(page)) == []


def test_the_readme_is_short() -> None:
    assert len(read(README).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_each_page_begins_with_a_list_of_its_contents(page: Path) -> None:
    beginning, *rest = re.split(r"(?m)^## ", read(page))
    headings = [section.splitlines()[0] for section in rest]
    assert re.findall(r"(?m)^- \[([^\]]+)\]\(#([^)]*)\)$", beginning) == [
        (heading, anchor(heading)) for heading in headings
    ]


@pytest.mark.parametrize("page", WITH_PATHS, ids=lambda page: page.name)
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = re.findall(rf"`((?:{PACKAGES})/[\w./-]*)`", read(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", WITH_PATHS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if re.match(r"https?:", target):
            continue
        name, _, fragment = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if fragment:
            headings = re.findall(r"(?m)^#+ (.*)$", read(file))
            assert fragment in [anchor(heading) for heading in headings], target


def test_each_figure_of_the_readme_is_one_of_the_measurements() -> None:
    rows = re.findall(r"(?m)^\| (.*?) \| (.*?) \|$", read(README))
    measured = read(ROOT / "docs" / "measurements.md")
    figures = [figure for what, figure in rows if what not in {"what", "---"}]
    assert len(figures) >= 10
    assert [figure for figure in figures if f" | {figure} |" not in measured] == []
