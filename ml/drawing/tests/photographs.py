"""Photographs of the golden digits on paper, taken in every bad light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from devtools import golden
from ml.drawing.tests.pictures import encoded

SIDE = 360
_Grey = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """How a photograph is taken. Light, ink and paper in shares of white; lengths of `SIDE`."""

    paper: float = 0.85
    ink: tuple[float, float, float] = (0.12, 0.12, 0.14)
    pen: float = 0.05
    size: float = 0.8
    place: tuple[float, float] = (0.1, 0.1)
    gradient: float = 0.0
    shadow: float = 0.0
    noise: float = 0.004
    lines: float = 0.0
    squares: bool = False
    desk: float = 0.0
    crumbs: int = 0


def photograph(digit: str | None, scene: Scene) -> Image.Image:
    """A picture of the digit, or of the empty sheet."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    sheet = np.full((SIDE, SIDE, 3), scene.paper)
    for along in [y + 0.02 * x, x - 0.02 * y] if scene.squares else [y + 0.02 * x]:
        if scene.lines:
            sheet[(along % scene.lines) < 0.008] = (0.6, 0.68, 0.8)
    sheet[_drawn(digit, scene)] = scene.ink
    sheet[x < scene.desk * (1 + 0.3 * y)] = (0.3, 0.2, 0.12)
    light = (1 + scene.gradient * (x + 0.5 * y - 0.75)) * (1 - scene.shadow * _shade(x, y))
    random = np.random.default_rng(1)
    seen = sheet * light[..., None] + random.normal(0, scene.noise, (SIDE, SIDE, 1))
    return Image.fromarray((seen.clip(0, 1) * 255).astype(np.uint8))


def taken(digit: str | None, scene: Scene) -> bytes:
    """The same as a JPEG."""
    return encoded(photograph(digit, scene), "JPEG", quality=80)


def _shade(x: _Grey, y: _Grey) -> _Grey:
    """1.0 in the shadow of a hand, whose edge goes through the middle of the sheet."""
    shade: _Grey = 1 / (1 + np.exp((0.45 + 0.08 * np.sin(7 * y) - x) / 0.008))
    return shade


def _drawn(digit: str | None, scene: Scene) -> NDArray[np.bool_]:
    sheet = Image.new("L", (SIDE, SIDE))
    brush = ImageDraw.Draw(sheet)
    pen = max(1, round(scene.pen * SIDE))
    scale = scene.size * SIDE / 280
    left, top = (share * SIDE for share in scene.place)
    for stroke in golden.STROKES[digit] if digit else []:
        points = [(left + x * scale, top + y * scale) for x, y in stroke]
        brush.line(points, 255, pen, "curve")
    for crumb in range(scene.crumbs):
        x, y = 0.06 + 0.17 * (crumb % 6), 0.04 + 0.92 * (crumb % 2)
        brush.ellipse((x * SIDE, y * SIDE, x * SIDE + 3, y * SIDE + 3), 255)
    return np.asarray(sheet) > 0
