"""A writing habit added to real drawings: 1 with a flat flag, 9 with a tail that loops back.

This turns ordinary handwriting into a group of writers whose 1 and 9 a model misreads. The flag of
such a 1 is as long as the bar of a 7, and the tail of such a 9 crosses its stem as in a g. Both
are common in European handwriting.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ml.contract import Drawn, Ink, Picture, Stroke
from ml.data.synthetic import smooth
from ml.drawing.preprocessing import ink_box

DIGITS = ("1", "9")
"""The digits that the habit changes."""

STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""The strengths of a habit; above 1.0 people would not recognise the digit."""

_FINE_PX = 140
_FLAG = np.array([-0.65, 0.6])
_TAIL = np.array([(-0.25, 0.16), (-0.62, 0.05), (-0.55, -0.25), (-0.10, -0.25), (0.45, -0.35)])
"""The pen's path from the foot of a 9, as multiples of its height."""


@dataclass(frozen=True)
class Habit:
    """How flat the flag of a 1 is, and how far the tail of a 9 runs, each from 0 to 1."""

    flag: float
    tail: float

    def write(self, drawn: Drawn, label: str, writer: str, rng: np.random.Generator) -> Drawn:
        """Add the writer's habit to a 1 or 9; return other digits unchanged."""
        if label not in DIGITS:
            return drawn
        # Each writer deviates a little from the others, always in the same way.
        own = np.random.default_rng(zlib.crc32(writer.encode())).normal(0, 0.06)
        if isinstance(drawn, Ink):
            foot_or_top, height = _ends(np.concatenate(drawn.strokes)[:, :2], label)
            added = self._stroke(label, own, rng) * height + foot_or_top
            return Ink((*drawn.strokes, added), drawn.width, drawn.height)
        return self._on_picture(drawn, label, own, rng)

    def _stroke(self, label: str, own: float, rng: np.random.Generator) -> Stroke:
        """Return the added stroke from the top of a 1 or foot of a 9, in digit heights."""
        if label == "1":
            end = _FLAG - (0, 0.5 * self.flag + own) + rng.normal(0, 0.04, 2)
            return np.array([end, (0.0, 0.0)])
        turns = _TAIL * (self.tail + own) + rng.normal(0, 0.04, _TAIL.shape)
        return smooth(np.vstack([np.zeros((1, 2)), turns]))

    def _on_picture(
        self, picture: Picture, label: str, own: float, rng: np.random.Generator
    ) -> Picture:
        image = Image.fromarray(picture.pixels)
        scale = max(1, round(_FINE_PX / max(image.size)))
        size = (image.width * scale, image.height * scale)
        image = image.resize(size, Image.Resampling.BICUBIC)
        left, top, columns, rows = map(int, ink_box(picture))
        crop = np.asarray(image)[
            top * scale : (top + rows) * scale, left * scale : (left + columns) * scale
        ]
        # Add paper on all sides, to make room for the stroke.
        room = max(crop.shape)
        sheet = Image.fromarray(np.pad(crop, room))
        y, x = np.nonzero(np.asarray(sheet) > 127)
        foot_or_top, height = _ends(np.column_stack([x, y]).astype(np.float64), label)
        added = self._stroke(label, own, rng) * height + foot_or_top
        pen = max(1, round(_pen_width(np.asarray(sheet) > 127)))
        ImageDraw.Draw(sheet).line([tuple(point) for point in added], 255, pen, joint="curve")
        return Picture(np.asarray(sheet, np.uint8))


def _ends(points: Stroke, label: str) -> tuple[Stroke, float]:
    """Return the top of a 1 or the foot of a 9, and the digit's size."""
    end = points[:, 1].argmin() if label == "1" else points[:, 1].argmax()
    return points[end], max(float(np.ptp(points, axis=0).max()), 1e-6)


def _pen_width(inked: np.ndarray) -> float:
    """Return the pen width of a line drawing: twice its area by its outline."""
    edges = (inked[1:] != inked[:-1]).sum() + (inked[:, 1:] != inked[:, :-1]).sum()
    return 2 * float(inked.sum()) / max(float(edges), 1.0)
