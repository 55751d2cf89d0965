"""The figures of `make bench` as tables, and which aims they reach."""

from typing import Any

from benchmarks.common.aims import aim, as_markdown

TIMES_A_BASELINE, TIMES_HOPED_FOR = 25, 50
MOST_P50_MS = 5.0
LEAST_SAVES = 1 / 3
"""As a share of the prediction rate for the same strokes."""

MOST_START_SECONDS, MOST_MB = 3.0, 200.0

STROKES = "predict by strokes"
SITE, POSTGRES = "site, SQLite", "site, PostgreSQL"
BASELINES = ("Flask", "Gradio")

Row = tuple[str, ...]
_TIMES = "predictions per second with 8 clients, as a multiple of {}"
_HEAD = (
    *("server", "what", "clients", "per second", "p50 ms", "p99 ms"),
    *("CPU ms each", "MB per web process", "failed"),
)
_COLUMNS = ("per_second", "p50_ms", "p99_ms", "cpu_ms", "memory_mb", "failed")


def in_words(figures: dict[str, Any]) -> str:
    """Return the measurements and the aims as Markdown tables."""
    lines = [
        (row["server"], row["what"], *(_number(row[name]) for name in ("clients", *_COLUMNS)))
        for row in figures["rows"]
    ]
    return as_markdown(_HEAD, lines) + "\n\n" + aims_as_markdown(figures)


def aims_as_markdown(figures: dict[str, Any]) -> str:
    """Return the aims as a Markdown table."""
    return as_markdown(("what", "measured", "aim"), aims(figures))


def aims(figures: dict[str, Any]) -> list[Row]:
    """Return each aim's name, measured value, and whether it is reached."""

    def row(server: str, what: str, clients: int) -> dict[str, Any]:
        asked = (server, what, clients)
        return next(
            one for one in figures["rows"] if (one["server"], one["what"], one["clients"]) == asked
        )

    by_turns = figures["by_turns"]
    times = [(name, by_turns[name][0] / max(0.001, by_turns[name][1])) for name in BASELINES]
    p50 = row(SITE, STROKES, 1)["p50_ms"]
    saves = [(name, by_turns[name][1] / by_turns[name][0]) for name in (SITE, POSTGRES)]
    memory = max(one["memory_mb"] for one in figures["rows"] if one["server"] not in BASELINES)
    start, failed = figures["web_start_seconds"], sum(one["failed"] for one in figures["rows"])
    return [
        *((_TIMES.format(name), f"{ratio:.1f}", _reached(ratio)) for name, ratio in times),
        (
            "p50 with one client",
            f"{p50:.2f} ms",
            aim(f"under {MOST_P50_MS:g} ms", p50 < MOST_P50_MS),
        ),
        *(
            (f"saves per prediction, {name}", f"{share:.2f}", aim("0.33", share >= LEAST_SAVES))
            for name, share in saves
        ),
        ("start of a web process", f"{start:.2f} s", aim("3 s", start < MOST_START_SECONDS)),
        ("memory of a web process", f"{memory:.0f} MB", aim("200 MB", memory < MOST_MB)),
        ("failed requests", f"{failed}", aim("none", failed == 0)),
    ]


def _reached(ratio: float) -> str:
    least, hoped = ratio >= TIMES_A_BASELINE, ratio >= TIMES_HOPED_FOR
    return f"{aim(f'{TIMES_A_BASELINE}', least)}; {aim(f'better {TIMES_HOPED_FOR}', hoped)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or isinstance(value, int) else f"{value:.2f}"
