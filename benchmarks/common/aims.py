"""Tables of measurements and of the aims they reach."""

from collections.abc import Iterable, Sequence

Check = tuple[str, str, str, bool]
"""What was measured, how much it is, the aim, and whether it is reached."""

_MISSED = ": NO"


def aim(words: str, reached: bool) -> str:
    """Return the aim and whether it is reached."""
    return f"{words}: yes" if reached else words + _MISSED


def are_reached(rows: Iterable[Sequence[str]]) -> bool:
    """Return whether every row reaches the aim in its last column, if it has one."""
    return not any(row[-1].endswith(_MISSED) for row in rows)


def checks_as_markdown(checks: Iterable[Check]) -> str:
    """Return the checks as a Markdown table."""
    rows = [(what, measured, aim(words, reached)) for what, measured, words, reached in checks]
    return as_markdown(("what", "measured", "aim"), rows)


def as_markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
