"""Tables of what was measured, and of which aims it reaches."""

from collections.abc import Iterable, Sequence

Check = tuple[str, str, str, bool]
"""What was measured, how much it is, the aim, and whether it is reached."""

_MISSED = ": NO"


def aim(words: str, reached: bool) -> str:
    """The aim, and whether it is reached."""
    return f"{words}: yes" if reached else words + _MISSED


def are_reached(rows: Iterable[Sequence[str]]) -> bool:
    """Whether every row's last column holds an aim that is reached, or none."""
    return not any(row[-1].endswith(_MISSED) for row in rows)


def checks_as_markdown(checks: Iterable[Check]) -> str:
    """The checks as a table of Markdown."""
    rows = [(what, measured, aim(words, reached)) for what, measured, words, reached in checks]
    return as_markdown(("what", "measured", "aim"), rows)


def as_markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
