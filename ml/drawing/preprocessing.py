"""From what a person drew to the bitmap a network reads.

One function, `preprocess`, for training and serving alike. For strokes the page does the same in
`static/recognizer/js/recogniser/preprocess.js`; change both, and `python -m devtools.web_golden`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.contract import (
    IMAGE_SIZE,
    INK_BOX,
    Bitmap,
    BlankError,
    Drawn,
    Greyscale,
    Ink,
    Stroke,
)
from ml.drawing.strokes import PEN_WIDTH_PX, rasterise

SMALLEST_INK = 0.03
"""Ink whose longer side is below this share of the canvas is a slip of the pen."""

_MIDDLE = (IMAGE_SIZE - 1) / 2


def preprocess(drawn: Drawn, pen_width_px: float = PEN_WIDTH_PX) -> Bitmap:
    """Normalise a drawing as MNIST's digits are normalised.

    The ink is fitted into 20x20 pixels, strokes being rendered at one canonical
    pen width, and centred by mass in 28x28.

    Args:
        drawn: strokes on a canvas, or a picture with light ink on dark paper.
        pen_width_px: for training with varied pens; serving keeps the default.

    Returns:
        (28, 28) float32, ink 1.0 on paper 0.0, in steps of 1/255.

    Raises:
        BlankError: there is no ink.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
    """
    return prepare(drawn, pen_width_px).bitmap


Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels of the canvas or picture."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A drawing as a network reads it, and where its ink lies."""

    bitmap: Bitmap
    box: Box
    is_too_small: bool


def prepare(drawn: Drawn, pen_width_px: float = PEN_WIDTH_PX) -> Prepared:
    """`preprocess`, with what `ink_box` and `is_too_small` say: the ink is looked for once.

    Raises:
        BlankError: there is no ink.
    """
    if isinstance(drawn, Ink):
        low, high = _bounds(drawn)
        box = _box(low, high)
        bitmap = rasterise(_fit_strokes(drawn, low, high, pen_width_px), pen_width_px)
    else:
        box = ink_box(drawn)
        bitmap = _fit_picture(drawn.pixels, box)
    whole = np.round(centre_by_mass(bitmap) * 255) / np.float32(255)
    return Prepared(whole, box, _is_too_small(drawn, box))


def _fit_strokes(
    ink: Ink, low: NDArray[np.float64], high: NDArray[np.float64], pen_width_px: float
) -> tuple[Stroke, ...]:
    """Scale and shift strokes so that the inked box is 20 px long and centred.

    A single dot stays a dot, in the middle.
    """
    extent = float((high - low).max())
    scale = (INK_BOX - pen_width_px) / extent if extent else 1.0
    shift = IMAGE_SIZE / 2 - scale * (low + high) / 2
    return tuple(scale * stroke[:, :2] + shift for stroke in ink.strokes)


def _fit_picture(pixels: Greyscale, box: Box) -> Bitmap:
    """Crop a picture to its ink and scale that to 20 px, in the middle of (28, 28).

    Raises:
        BlankError: what stands out from the paper is gone when it is scaled.
    """
    left, top, columns, rows = map(int, box)
    crop = pixels[top : top + rows, left : left + columns]
    height, width = (max(1, round(side * INK_BOX / max(crop.shape))) for side in crop.shape)
    fitted = Image.fromarray(crop).resize((width, height), Image.Resampling.LANCZOS)
    bitmap = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    y, x = (IMAGE_SIZE - height) // 2, (IMAGE_SIZE - width) // 2
    bitmap[y : y + height, x : x + width] = np.asarray(fitted, np.float32) / 255
    strongest = np.float32(bitmap.max())
    if strongest <= 0:
        raise BlankError("The ink in the picture is too thin to see.")
    return bitmap / strongest


def ink_box(drawn: Drawn) -> Box:
    """Where the ink lies.

    Raises:
        BlankError: there is no ink.
    """
    if isinstance(drawn, Ink):
        return _box(*_bounds(drawn))
    inked = drawn.pixels > _ink_threshold(drawn.pixels)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not rows.size:
        raise BlankError("The picture shows no ink.")
    (left, right), (top, bottom) = columns[[0, -1]].tolist(), rows[[0, -1]].tolist()
    return left, top, right - left + 1, bottom - top + 1


def is_too_small(drawn: Drawn) -> bool:
    """Whether the ink is under 3 % of the canvas both ways: a slip of the pen."""
    return _is_too_small(drawn, ink_box(drawn))


def _is_too_small(drawn: Drawn, box: Box) -> bool:
    sides = (drawn.width, drawn.height) if isinstance(drawn, Ink) else drawn.pixels.shape
    return bool(max(box[2:]) < SMALLEST_INK * min(sides))


def _box(low: NDArray[np.float64], high: NDArray[np.float64]) -> Box:
    (left, top), (width, height) = low.tolist(), (high - low).tolist()
    return left, top, width, height


def _bounds(ink: Ink) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not ink.strokes:
        raise BlankError("The canvas is blank.")
    points = np.concatenate(ink.strokes)[:, :2]
    return points.min(axis=0), points.max(axis=0)


def _ink_threshold(pixels: Greyscale) -> float:
    """Above this a pixel is ink: a fifth of the way from the paper to the brightest ink."""
    paper, brightest = float(np.median(pixels)), float(pixels.max())
    return paper + max(0.2 * (brightest - paper), 8.0)


def centre_by_mass(bitmap: Bitmap) -> Bitmap:
    """Shift the ink so that its centre of mass lies on the image centre.

    Args:
        bitmap: (28, 28) float32, ink 1.0 on paper 0.0.

    Returns:
        A new (28, 28) float32 array. The shift is whole pixels, so ink is
        moved, never blended; ink pushed past an edge is lost.

    Raises:
        BlankError: the bitmap is all zeros.

    Source: LeCun, Cortes and Burges, "The MNIST database".
    """
    # In double precision the order of the sums does not matter: the page adds up in another one.
    mass = float(bitmap.sum(dtype=np.float64))
    if mass == 0.0:
        raise BlankError("The canvas is blank.")
    index = np.arange(IMAGE_SIZE)
    down = round(_MIDDLE - float(bitmap.sum(axis=1, dtype=np.float64) @ index) / mass)
    right = round(_MIDDLE - float(bitmap.sum(axis=0, dtype=np.float64) @ index) / mass)
    # np.roll would wrap ink from one edge to the opposite one.
    shifted = np.zeros_like(bitmap)
    shifted[_kept(down), _kept(right)] = bitmap[_kept(-down), _kept(-right)]
    return shifted


def _kept(shift: int) -> slice:
    return slice(max(shift, 0), IMAGE_SIZE + min(shift, 0))
