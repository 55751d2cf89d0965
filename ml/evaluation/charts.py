"""Pictures of how good a network is: PNG for the card, SVG for pages."""

from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ml.contract import JSON

_WIDTH, _HEIGHT, _MARGIN = 340, 300, 44
_PERCENTS = [(share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def draw_confusion(confusion: list[list[int]], classes: list[str], path: Path) -> None:
    """A confusion matrix as a picture: diagonal green, mistakes redder the more there are."""
    cell, margin = 44, 56
    counts = np.array(confusion)
    worst = max(1, int((counts - np.diag(np.diag(counts))).max()))
    side = margin + cell * len(classes) + 12
    image = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(15)

    def text(x: float, y: float, words: str, fill: str = "black") -> None:
        draw.text((x, y), words, fill, font, anchor="mm")

    text(margin + cell * len(classes) / 2, 14, "read as")
    text(20, 14, "true")
    for i, name in enumerate(classes):
        middle = margin + cell * i + cell / 2
        text(middle, 40, name)
        text(34, middle, name)
        for j in range(len(classes)):
            left, top = margin + cell * j, margin + cell * i
            count = int(counts[i, j])
            fade = 255 - round(200 * min(1.0, count / worst)) if i != j else 0
            colour = (190, 230, 195) if i == j else (255, fade, fade)
            draw.rectangle((left, top, left + cell - 2, top + cell - 2), fill=colour)
            if count:
                text(left + cell / 2 - 1, top + cell / 2, str(count))
    image.save(path, optimize=True)


def reliability_svg(bins: list[JSON]) -> str:
    """Reliability diagram: accuracy over confidence, a bar a bin, and how many fell into each."""
    side = _WIDTH - 2 * _MARGIN
    total = sum(part["samples"] for part in bins)
    shapes = [_line([(0, 0), (1, 1)], "stroke='#888' stroke-dasharray='4 4'")]
    for part in bins:
        x, width = part["from"], part["to"] - part["from"]
        left, top = _at(x, part["accuracy"])
        title = (
            f"{part['samples']:,} answers ({part['samples'] / total:.1%}):"
            f" {part['confidence']:.1%} sure, {part['accuracy']:.1%} right"
        )
        shapes.append(
            f"<rect x='{left + 1:.1f}' y='{top:.1f}' width='{width * side - 2:.1f}'"
            f" height='{part['accuracy'] * _plot_height():.1f}' fill='#4c8bd6' opacity='.75'>"
            f"<title>{escape(title)}</title></rect>"
        )
        x, y = _at(part["confidence"], part["accuracy"])
        shapes.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='#d6604d'/>")
    return _chart(shapes, "confidence", "share right", _PERCENTS, _PERCENTS)


def risk_coverage_svg(points: list[JSON]) -> str:
    """How many answers are wrong when only the surest are given."""
    highest = max(0.005, *(point["risk"] for point in points))
    path = [(point["coverage"], point["risk"] / highest) for point in points]
    ticks = [(share, f"{share * highest:.2%}") for share in (0.0, 0.5, 1.0)]
    line = _line(path, "stroke='#4c8bd6' stroke-width='2'")
    return _chart([line], "share of drawings answered", "share wrong", _PERCENTS, ticks)


def writers_svg(accuracies: list[float]) -> str:
    """One dot a writer, from the one read worst to the one read best."""
    lowest = min(0.95, *accuracies)
    count = max(1, len(accuracies) - 1)
    dots = []
    for rank, accuracy in enumerate(accuracies):
        x, y = _at(rank / count, (accuracy - lowest) / (1 - lowest))
        dots.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.5' fill='#4c8bd6' opacity='.7'>"
            f"<title>{accuracy:.2%}</title></circle>"
        )
    ticks = [(s, f"{lowest + s * (1 - lowest):.0%}") for s in (0.0, 0.5, 1.0)]
    return _chart(dots, f"{len(accuracies)} writers", "share right", [], ticks)


def _plot_height() -> int:
    return _HEIGHT - 2 * _MARGIN


def _at(x: float, y: float) -> tuple[float, float]:
    """Where (x, y), each from 0 to 1, lies in the picture."""
    return _MARGIN + x * (_WIDTH - 2 * _MARGIN), _HEIGHT - _MARGIN - y * _plot_height()


def _line(points: list[tuple[float, float]], style: str) -> str:
    places = (_at(x, y) for x, y in points)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f"<polyline points='{path}' fill='none' {style}/>"


def _chart(
    shapes: list[str],
    across: str,
    up: str,
    ticks_across: list[tuple[float, str]],
    ticks_up: list[tuple[float, str]],
) -> str:
    """An SVG with axes around the shapes. Its greys can be read on light and dark paper."""
    words = "fill='#777' font-family='sans-serif' font-size='11'"
    axes = [_line([(0, 1), (0, 0), (1, 0)], "stroke='#888'")]
    for share, name in ticks_across:
        x, y = _at(share, 0)
        axes.append(
            f"<text x='{x:.1f}' y='{y + 15:.1f}' text-anchor='middle' {words}>{name}</text>"
        )
    for share, name in ticks_up:
        x, y = _at(0, share)
        axes.append(
            f"<text x='{x - 5:.1f}' y='{y + 4:.1f}' text-anchor='end' {words}>{name}</text>"
        )
    middle, bottom = _at(0.5, 0)
    axes.append(
        f"<text x='{middle:.1f}' y='{bottom + 33:.1f}' text-anchor='middle' {words}>"
        f"{escape(across)}</text>"
        f"<text x='{_MARGIN - 34}' y='{_MARGIN - 18}' {words}>{escape(up)}</text>"
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}'"
        f" width='{_WIDTH}' height='{_HEIGHT}' role='img'"
        f" aria-label='{escape(up)} over {escape(across)}'>{''.join(axes + shapes)}</svg>\n"
    )
