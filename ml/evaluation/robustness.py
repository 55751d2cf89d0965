"""The same drawings placed, turned, shrunk and inked otherwise: does the prediction stay?"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ml.contract import Drawn, Ink, InkError, Labels
from ml.data.dataset import Dataset
from ml.drawing.pictures import as_picture
from ml.drawing.preprocessing import preprocess
from ml.drawing.strokes import clockwise

CANVAS_PX = 280
SIZES = (0.35, 0.90)
"""The longer side of a drawing as a share of the canvas, from and to."""

_EDGE_PX = 4.0
_PENS_PX = {"thin": 5.0, "usual": 14.0, "thick": 28.0}

Laying = Callable[[Ink, np.random.Generator], Drawn]


def lay(
    ink: Ink,
    rng: np.random.Generator,
    *,
    size: float | None = None,
    turn_deg: float = 0.0,
    corner: tuple[int, int] | None = None,
) -> Ink:
    """Lay strokes on a 280x280 canvas as a person might.

    Args:
        size: longer side as a share of the canvas; drawn from SIZES if None.
        turn_deg: clockwise, about the middle of the ink.
        corner: (0 or 1, 0 or 1) from the left and from the top; anywhere if None.
    """
    turn = clockwise(turn_deg)
    strokes = [stroke[:, :2] @ turn.T for stroke in ink.strokes]
    points = np.concatenate(strokes)
    low, sides = points.min(axis=0), np.ptp(points, axis=0)
    share = rng.uniform(*SIZES) if size is None else size
    scale = CANVAS_PX * share / max(float(sides.max()), 1e-6)
    where = rng.uniform(0, 1, 2) if corner is None else np.array(corner, np.float64)
    room = np.maximum(CANVAS_PX - sides * scale - 2 * _EDGE_PX, 0)
    shift = _EDGE_PX + where * room
    laid = tuple(np.round((stroke - low) * scale + shift, 2) for stroke in strokes)
    return Ink(laid, CANVAS_PX, CANVAS_PX)


def _picture(pen: str) -> Laying:
    return lambda ink, rng: as_picture(lay(ink, rng), _PENS_PX[pen])


def _corner(x: int, y: int) -> Laying:
    return lambda ink, rng: lay(ink, rng, size=0.4, corner=(x, y))


LAYINGS: dict[str, Laying] = {
    "plain": lay,
    "turned 15° left": lambda ink, rng: lay(ink, rng, turn_deg=-15),
    "turned 15° right": lambda ink, rng: lay(ink, rng, turn_deg=15),
    "25 % of the canvas": lambda ink, rng: lay(ink, rng, size=0.25),
    "top left corner": _corner(0, 0),
    "top right corner": _corner(1, 0),
    "bottom left corner": _corner(0, 1),
    "bottom right corner": _corner(1, 1),
    "picture, usual pen": _picture("usual"),
    "picture, thin pen": _picture("thin"),
    "picture, thick pen": _picture("thick"),
}
"""Ways to lay a drawing, by name. "plain" is what the others are compared with."""


def laid(
    inks: list[Ink], labels: Labels, writers: Labels, how: Laying = lay, seed: int = 1
) -> Dataset:
    """Strokes laid on a canvas and preprocessed as the app does it; blank ones are left out."""
    rng = np.random.default_rng(seed)
    images: list[NDArray[np.uint8]] = []
    kept = []
    for index, ink in enumerate(inks):
        try:
            bitmap = preprocess(how(ink, rng))
        except InkError:
            continue
        images.append(np.round(bitmap * 255).astype(np.uint8))
        kept.append(index)
    return Dataset(
        np.stack(images),
        labels[kept],
        writers[kept],
        np.ones(len(kept), np.float32),
        by_pen=np.ones(len(kept), bool),
    )
