"""The figures of `make learning-report` as a table, and which aims they reach."""

from typing import Any

from benchmarks.common.aims import aim, are_reached, as_markdown

MOST_SECONDS = 240
MOST_ERROR_LEFT = 0.5
MOST_MNIST_LOST = 0.0005

Row = tuple[str, str, str]


def rows(figures: dict[str, Any]) -> list[Row]:
    """Return each measurement's name, value, and aim with whether it is reached."""
    lost = figures["mnist_before"] - figures["mnist_after"]
    return [
        ("group", figures["group"], ""),
        ("writers", _of_writers(figures), ""),
        (
            "1 and 9 misread, before -> after",
            _change(figures["error_before"], figures["error_after"]),
            aim(
                "at least halved",
                figures["error_after"] <= MOST_ERROR_LEFT * figures["error_before"],
            ),
        ),
        *(
            (f"only {digit}", _change(*figures["by_digit"][digit]), "")
            for digit in sorted(figures["by_digit"])
        ),
        ("their other digits misread", _change(*figures["other_digits"]), ""),
        (
            "MNIST accuracy, before -> after",
            f"{figures['mnist_before']:.2%} -> {figures['mnist_after']:.2%}",
            aim("falls by at most 0.05 points", round(lost, 6) <= MOST_MNIST_LOST),
        ),
        ("verdict of the gate", figures["verdict"], ""),
        (
            f"retraining on {figures['timed_on']:,} drawings",
            f"{figures['seconds']:.0f} s, {_cpu(figures)} on {figures['cores']} cores",
            aim(f"at most {MOST_SECONDS} s", figures["seconds"] <= MOST_SECONDS),
        ),
        (
            f"{figures['promotions']} promotions under load",
            f"{figures['failed_requests']} of {figures['requests']:,} requests failed",
            aim("none", figures["failed_requests"] == 0),
        ),
        (
            "the promoted version answers everywhere",
            f"within {figures['slowest_swap_seconds']:.2f} s",
            aim("2 s", figures["late_answers"] == 0),
        ),
    ]


def in_words(figures: dict[str, Any]) -> str:
    """Return the rows as a Markdown table."""
    return as_markdown(("what", "measured", "aim"), rows(figures))


def is_reached(figures: dict[str, Any]) -> bool:
    """Return whether every aim is reached."""
    return are_reached(rows(figures))


def _of_writers(figures: dict[str, Any]) -> str:
    confirmed = figures["confirmed"]
    right = f", {confirmed} correct ones confirmed" if confirmed else ""
    return (
        f"{figures['corrected']} drawings of {figures['writers_learned_from']} corrected{right}"
        f" ({figures['learned_from']} for training), evaluated on"
        f" {figures['evaluated']:,} of {figures['writers_evaluated']} others"
    )


def _change(before: float | None, after: float | None) -> str:
    return "no drawings" if before is None or after is None else f"{before:.2%} -> {after:.2%}"


def _cpu(figures: dict[str, Any]) -> str:
    seconds = figures["cpu_seconds"]
    return "CPU time unknown" if seconds is None else f"{seconds:.0f} s of CPU time"
