"""Render drawings as curves for a page, as SVG files and as PNG files.

Strokes and pen width are scaled to a square of `SIDE` units around the ink. Points that are too
close together to be told apart are dropped. The curve through the others keeps corners sharp.
`static/recognizer/js/svg_replay.js` animates the same curves.
"""

import io
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.html import format_html, format_html_join
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.contract import Ink, Picture, Stroke
from recognizer.models import Drawing

SIDE = 100.0
"""The side of the square that a drawing is shown on."""

PEN_SHARE = 0.06
"""The pen's width as a share of the canvas, as on the drawing page."""

INK, PAPER = (26, 33, 64), (255, 255, 255)
MOST_POINTS = 1500

_ROOM = 1.4
_LEAST_SHARE = 0.5
_STEP = 1.2
_CORNER = np.cos(np.deg2rad(50))
_FLAT = 6
_FINER = 2
"""A PNG is painted at this multiple of its size, then shrunk to smooth the edges."""

Points = NDArray[np.float64]
"""(n, 2), or (n, 3) with the time in ms, -1 if unknown."""


@dataclass(frozen=True, eq=False)
class Rendering:
    """Strokes on the square, (n, 3) points each, and the pen's width in the square's units."""

    strokes: tuple[Points, ...]
    pen: float

    @property
    def paths(self) -> list[str]:
        """Each stroke as the `d` of an SVG path."""
        return [_path(_curves(stroke[:, :2])) for stroke in self.strokes]

    @property
    def as_json(self) -> str:
        """[[[x, y, t], …], …], for the animation."""
        return json.dumps(
            [[[x, y, int(t)] for x, y, t in stroke.tolist()] for stroke in self.strokes],
            separators=(",", ":"),
        )


def render_strokes(ink: Ink, most_points: int = MOST_POINTS) -> Rendering:
    """Scale and thin strokes for display."""
    points = np.concatenate(ink.strokes)[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    room = max(float((high - low).max()) * _ROOM, max(ink.width, ink.height) * _LEAST_SHARE)
    scale = SIDE / room
    corner = (low + high) / 2 - room / 2
    strokes = [_placed(stroke, corner, scale) for stroke in ink.strokes]
    every = -(-sum(map(len, strokes)) // most_points)
    kept = tuple(_every(stroke, every) for stroke in strokes)
    return Rendering(kept, max(PEN_SHARE * min(ink.width, ink.height) * scale, 2.0))


def _placed(stroke: Stroke, corner: Points, scale: float) -> Points:
    placed = stroke.copy()
    placed[:, :2] = np.round((stroke[:, :2] - corner) * scale, 1)
    places = placed[:, :2].tolist()
    kept = [0]
    for i, place in enumerate(places):
        if math.dist(place, places[kept[-1]]) >= _STEP:
            kept.append(i)
    if len(kept) > 1:
        kept[-1] = len(placed) - 1  # always keep the last point
    return placed[kept]


def _every(stroke: Points, every: int) -> Points:
    if every <= 1 or len(stroke) <= 2:
        return stroke
    return np.concatenate([stroke[:-1:every], stroke[-1:]])


def _curves(points: Points) -> Points:
    """(n - 1, 4, 2) cubic Bézier curves through (n, 2) points; a single point gives one curve."""
    if len(points) == 1:
        return np.repeat(points[None], 4, axis=1)
    steps = np.diff(points, axis=0)
    lengths = np.maximum(np.hypot(*steps.T), 1e-9)[:, None]
    directions = steps / lengths
    leaving, arriving = directions.copy(), directions.copy()
    before, after = directions[:-1], directions[1:]
    smooth = (before * after).sum(axis=1) > _CORNER
    tangents = (before + after)[smooth]
    tangents /= np.hypot(*tangents.T)[:, None]
    leaving[1:][smooth] = arriving[:-1][smooth] = tangents
    return np.stack(
        [
            points[:-1],
            points[:-1] + leaving * lengths / 3,
            points[1:] - arriving * lengths / 3,
            points[1:],
        ],
        axis=1,
    )


def _path(curves: Points) -> str:
    start = "M{:g} {:g}".format(*curves[0, 0])
    return start + "".join(
        "C{:g} {:g} {:g} {:g} {:g} {:g}".format(*curve)
        for curve in np.round(curves[:, 1:], 2).reshape(-1, 6).tolist()
    )


def svg_file(drawing: Drawing) -> bytes | None:
    """An SVG file of a drawing's strokes; None if the drawing is an uploaded picture."""
    drawn = drawing.drawn()
    if not isinstance(drawn, Ink):
        return None
    shown = render_strokes(drawn)
    return format_html(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1024"'
        ' viewBox="0 0 {side} {side}"><title>{title}</title>'
        '<rect width="100%" height="100%" fill="{paper}"/>'
        '<g fill="none" stroke="{ink}" stroke-width="{pen}"'
        ' stroke-linecap="round" stroke-linejoin="round">{paths}</g></svg>\n',
        side=int(SIDE),
        title=drawing.title or "A drawing",
        paper=_hex(PAPER),
        ink=_hex(INK),
        pen=f"{shown.pen:.2f}",
        paths=format_html_join("", '<path d="{}"/>', ((path,) for path in shown.paths)),
    ).encode()


def _hex(colour: tuple[int, ...]) -> str:
    return "#" + bytes(colour).hex()


def png_file(drawing: Drawing, side_px: int = 1024) -> bytes:
    """A square PNG file: dark ink on white paper."""
    return encoded(painted(drawing, side_px))


def painted(drawing: Drawing, side_px: int) -> Image.Image:
    """The drawing on white paper, (side_px, side_px) RGB."""
    mask = ink_mask(drawing, side_px)
    paper = Image.new("RGB", mask.size, PAPER)
    paper.paste(INK, mask=mask)
    return paper


def ink_mask(drawing: Drawing, side_px: int) -> Image.Image:
    """The ink as a greyscale image, (side_px, side_px) L; 255 is ink."""
    drawn = drawing.drawn()
    if isinstance(drawn, Picture):
        return _fitted(Image.fromarray(drawn.pixels), side_px)
    shown = render_strokes(drawn)
    large = side_px * _FINER
    mask = Image.new("L", (large, large))
    brush, scale = ImageDraw.Draw(mask), large / SIDE
    for stroke in shown.strokes:
        _paint(brush, _flattened(stroke[:, :2]) * scale, shown.pen * scale)
    return mask.resize((side_px, side_px), Image.Resampling.BOX)


def _fitted(image: Image.Image, side_px: int) -> Image.Image:
    square = Image.new("L", (side_px, side_px))
    scale = side_px / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    place = ((side_px - size[0]) // 2, (side_px - size[1]) // 2)
    square.paste(image.resize(size, Image.Resampling.LANCZOS), place)
    return square


def _flattened(points: Points) -> Points:
    """(n, 2) closely spaced points along the curves through the given points."""
    curves = _curves(points)  # (n, 4, 2)
    flat = _FLAT if len(points) < 500 else 2
    at = np.linspace(0, 1, flat + 1)[1:, None]  # (k, 1)
    weights = np.hstack([(1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3])
    return np.concatenate([curves[:1, 0], (weights @ curves).reshape(-1, 2)])


def _paint(brush: ImageDraw.ImageDraw, points: Points, pen: float) -> None:
    places: list[Any] = [tuple(point) for point in points.tolist()]
    brush.line(places, fill=255, width=round(pen))
    for x, y in places:
        brush.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)


def encoded(image: Image.Image) -> bytes:
    """An image as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()
