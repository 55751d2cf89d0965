"""What a network reaches, for people: an HTML page, and a table for docs/measurements.md."""

import base64
import io
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.contract import JSON
from ml.evaluation.charts import reliability_svg, risk_coverage_svg, writers_svg
from ml.evaluation.metrics import STRICT, Answers, worst_mistakes

MOST_MISTAKES = 60

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 3rem; border-top: 1px solid #8886; padding-top: 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .6rem; text-align: right } th:first-child { text-align: left }
tr + tr { border-top: 1px solid #8883 }
.scroll { overflow-x: auto } .charts { display: flex; flex-wrap: wrap; gap: 1rem }
.charts svg { max-width: 100%; height: auto }
figure { margin: 0 } figcaption { font-weight: 600 }
.confusion td { min-width: 2.2rem; border: 1px solid #8882 }
.confusion .right { background: #2e8b5733 } .confusion .wrong { background: #d6604d66 }
.mistakes { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; list-style: none }
.mistakes li { width: 5.5rem; text-align: center; font-size: .8rem }
.mistakes img { width: 5rem; height: 5rem; image-rendering: pixelated; border-radius: .3rem }
"""


def rows(figures: JSON) -> list[tuple[str, str]]:
    """The figures that matter, as (what, measured)."""
    found = []
    for name, of_set in figures["sets"].items():
        shown = name.replace("_", " ")
        low, high = of_set["interval"]
        found.append(
            (
                f"{shown}, {of_set['samples']:,} digits",
                f"{of_set['accuracy']:.2%} right ({low:.2%} to {high:.2%})",
            )
        )
        if of_set["per_writer"]:
            writers = of_set["per_writer"]
            count = len(writers["accuracies"])
            found.append((f"{shown}, mean of {count} writers", f"{writers['mean']:.2%} right"))
        if "others_accepted" in of_set:
            refused = f"{of_set['digits_refused']:.2%} of digits refused"
            accepted = f"{of_set['others_accepted']:.1%} of {of_set['others']:,} letters accepted"
            found.append((f"{shown}, not a digit", f"{refused}, {accepted}"))
            strictly = f"{of_set['others_accepted_where_strict']:.2%} of letters accepted"
            found.append((f"{shown}, if at most {STRICT:.0%} of digits were refused", strictly))
        found.append(
            (
                f"{shown}, expected calibration error, 15 bins",
                f"{of_set['expected_calibration_error']:.4f}",
            )
        )
    latency, model = figures["latency"], figures["model"]
    for name, by_laying in figures["robustness"].items():
        plain = by_laying["plain"]
        hardest = min(by_laying, key=lambda laying: by_laying[laying])
        found.append(
            (
                f"{name.replace('_', ' ')}, turned, shrunk, moved, other pens",
                f"at worst {by_laying[hardest] - plain:+.2%} ({hardest})",
            )
        )
    if figures.get("seeds"):
        accuracies = [seed["accuracy"] for seed in figures["seeds"]]
        mean = f"{np.mean(accuracies):.2%} (" + ", ".join(f"{a:.2%}" for a in accuracies) + ")"
        found.append((f"mnist test, mean of {len(accuracies)} trainings", mean))
    found += [
        ("strokes to scores, one core", f"{latency['median_ms']} ms (p99 {latency['p99_ms']} ms)"),
        ("from file to first scores", f"{figures['load_ms']} ms"),
        ("model file", f"{model['bytes']:,} bytes"),
    ]
    if figures["memory_mb"]:
        found.append(("memory of a process that reads", f"{figures['memory_mb']} MB"))
    return found


def write_readme(readme: Path, figures: JSON) -> None:
    """Put the table of figures between the markers in a Markdown page.

    Raises:
        ValueError: the page has no markers.
    """
    lines = [f"| {what} | {measured} |" for what, measured in rows(figures)]
    table = "\n".join(["| what | measured |", "| --- | --- |", *lines])
    replace_table(readme, "figures", table)


def replace_table(page: Path, name: str, table: str) -> None:
    """Put a table between the markers `<!-- name -->` and `<!-- end of name -->` of a page.

    Raises:
        ValueError: the page has no such markers.
    """
    head, begin, rest = page.read_text().partition(f"<!-- {name} -->")
    _, end, tail = rest.partition(f"<!-- end of {name} -->")
    if not begin or not end:
        raise ValueError(f"{page} has no place for the {name}")
    page.write_text(f"{head}{begin}\n{table}\n{end}{tail}")


def write_html(page: Path, figures: JSON, answers: dict[str, Answers]) -> None:
    """One self-contained page: nothing is loaded from elsewhere.

    Args:
        figures: as `python -m ml evaluate` writes them beside the page.
        answers: for each of its sets, what the network answered.
    """
    model = figures["model"]
    summary = "".join(
        f"<tr><th scope=row>{escape(what)}</th><td>{escape(measured)}</td></tr>"
        for what, measured in rows(figures)
    )
    sections = "".join(
        _section(name, figures["sets"][name], answers[name]) for name in figures["sets"]
    )
    page.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(model['file'])}</title>"
        "<meta name=viewport content='width=device-width'>"
        f"<style>{_STYLE}</style><h1>How well {escape(model['file'])} reads</h1>"
        f"<p>SHA-256 <code>{model['sha256'][:16]}…</code>. Every figure is of the exported file,"
        " through the preprocessing that the site uses.</p>"
        f"<div class=scroll><table>{summary}</table></div>"
        f"{sections}{_robustness(figures['robustness'])}</html>\n"
    )


def _section(name: str, figures: JSON, answers: Answers) -> str:
    charts = [
        ("Reliability", reliability_svg(figures["reliability"])),
        ("Risk and coverage", risk_coverage_svg(figures["risk_coverage"])),
    ]
    if figures["per_writer"]:
        charts.append(("Writers", writers_svg(figures["per_writer"]["accuracies"])))
    shown = "".join(
        f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>" for title, svg in charts
    )
    return (
        f"<h2>{escape(name.replace('_', ' '))}</h2><div class=charts>{shown}</div>"
        f"<h3>What was read as what</h3>{_confusion(figures)}"
        f"<h3>The worst mistakes</h3>{_mistakes(answers)}"
    )


def _confusion(figures: JSON) -> str:
    names = [escape(name) for name in figures["classes"]]
    head = "".join(f"<th scope=col>{name}</th>" for name in names)
    body = ""
    for i, counts in enumerate(figures["confusion"]):
        if not sum(counts):
            continue
        cells = "".join(
            f"<td class={'right' if i == j else 'wrong'}>{count:,}</td>" if count else "<td></td>"
            for j, count in enumerate(counts)
        )
        body += f"<tr><th scope=row>{names[i]}</th>{cells}</tr>"
    return (
        "<div class=scroll><table class=confusion><thead><tr><th>true \\ read</th>"
        f"{head}</tr></thead>{body}</table></div>"
    )


def _mistakes(answers: Answers) -> str:
    worst = worst_mistakes(answers, MOST_MISTAKES)
    if not len(worst):
        return "<p>None.</p>"
    items = ""
    for index in worst.tolist():
        true = escape(str(answers.dataset.labels[index]))
        read = escape(answers.classes[answers.read[index]])
        items += (
            f"<li><img alt='a {true}' src='{_png(answers.dataset.images[index])}'>"
            f"{true}, read as {read}<br>{answers.confidence[index]:.1%}</li>"
        )
    return f"<ul class=mistakes>{items}</ul>"


def _png(image: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _robustness(figures: JSON) -> str:
    if not figures:
        return ""
    layings = list(next(iter(figures.values())))
    head = "".join(f"<th scope=col>{escape(name.replace('_', ' '))}</th>" for name in figures)
    body = "".join(
        f"<tr><th scope=row>{escape(laying)}</th>"
        + "".join(f"<td>{of_set[laying]:.2%}</td>" for of_set in figures.values())
        + "</tr>"
        for laying in layings
    )
    return (
        "<h2>The same drawings, laid otherwise</h2><div class=scroll><table>"
        f"<thead><tr><th></th>{head}</tr></thead>{body}</table></div>"
    )
