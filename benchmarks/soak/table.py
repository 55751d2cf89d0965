"""The figures of `make soak` as tables, and which limits they meet."""

from typing import Any

from benchmarks.common.aims import aim, are_reached, as_markdown

MOST_SECONDS_TO_GOOD = 10.0

Row = tuple[str, str, str]


def rows(figures: dict[str, Any]) -> list[Row]:
    """Return each measurement's name, value, and limit with whether it is kept."""
    saves, errors = figures["saves"], figures["answers"]
    return [
        ("peak rate", f"{figures['peak_a_second']:.0f} requests a second", ""),
        (
            "load",
            f"{errors['requests']:,} requests in {figures['minutes']:g} minutes,"
            f" {figures['asked_a_second']:.0f} per second",
            "",
        ),
        (
            "killed and restarted",
            ", ".join(f"{part} {count} times" for part, count in figures["kills"].items()),
            aim("each more than once", min(figures["kills"].values()) > 1),
        ),
        (
            "successful saves",
            f"{saves['acknowledged']:,} of {saves['saves']:,}, {saves['sent_again']:,} after a"
            " retry",
            aim("some retried", saves["sent_again"] > 0),
        ),
        _none("lost: successful, but not in the database", saves["lost"]),
        _none("stored with another id, other strokes or no prediction", saves["altered"]),
        _none("stored twice", saves["stored_twice"]),
        _none("stored, but never sent", saves["never_sent"]),
        _none("abandoned saves", saves["given_up"]),
        _none("unexpected errors", errors["out_of_order"], errors["first_out_of_order"]),
        ("broken connections", f"{errors['broken_connections']:,}", "only to a killed web process"),
        ("parts that crashed", *_none("", figures["ended_by_themselves"])[1:]),
        *(_back(part, seconds) for part, seconds in figures["seconds_to_good"].items()),
        *(_memory(one) for one in figures["memory"] if one["evaluated"]),
    ]


def limits_as_markdown(figures: dict[str, Any]) -> str:
    """Return the limits as a Markdown table."""
    return as_markdown(("what", "measured", "limit"), rows(figures))


def in_words(figures: dict[str, Any]) -> str:
    """Return the rows, errors, times and memory as Markdown tables."""
    return "\n\n".join(
        [
            limits_as_markdown(figures),
            _of_dicts(figures["answers"]["errors"], ("when", "what", "status", "reason", "count")),
            _of_dicts(figures["latencies"], ("what", "when", "answers", "p50_ms", "p99_ms")),
            _of_dicts(
                figures["memory"],
                ("name", "first_mb", "last_mb", "peak_mb", "mb_a_minute", "minutes", "samples"),
            ),
        ]
    )


def is_kept(figures: dict[str, Any]) -> bool:
    """Return whether every limit is kept."""
    return are_reached(rows(figures))


def _back(part: str, seconds: list[float]) -> Row:
    shown = ", ".join(f"{one:.2f}" for one in seconds)
    kept = max(seconds) <= MOST_SECONDS_TO_GOOD
    limit = aim(f"at most {MOST_SECONDS_TO_GOOD:.0f} s", kept)
    return f"{part}: from restart to first good answer", f"{shown} s", limit


def _memory(one: dict[str, Any]) -> Row:
    measured = f"{one['mb_a_minute']:+.2f} MB per minute over {one['minutes']:.1f} minutes"
    return f"memory of {one['name']}", measured, aim("does not grow", not one["grows"])


def _none(what: str, count: int, which: str = "") -> Row:
    return what, f"{count:,}" + (f" ({which})" if which else ""), aim("none", count == 0)


def _of_dicts(found: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    return as_markdown(names, [tuple(str(one[name]) for name in names) for one in found])
