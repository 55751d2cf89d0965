"""Photographs of a drawing: uneven light taken away, and all that is not ink.

Paper is the lightest in a window that is larger than any pen stroke (the darkest, on a
blackboard): a shadow keeps its edge by that, a stroke is lost. Ink is what is darker than its
paper. Of its connected parts, those that are strips along the picture's edge, specks, or much
paler than the main one are put aside: sheets' ends, ruled lines, crumbs.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ml.contract import Greyscale
from ml.drawing.parts import Parts, connected_parts
from ml.drawing.windows import in_square

_Grey = NDArray[np.float32]
_Which = NDArray[np.bool_]

LEAST_SIDE_PX = 48
"""No photograph is smaller; scanned digits are."""

SMALLEST_INK = 0.03
"""Ink is at least so long, as a share of the picture's shorter side."""

_EVEN_SHADES, _EVEN_SHARE = 3, 0.6
_BORDER_SHADES, _BORDER_SHARE = 10, 0.75
"""Paper lit evenly: such shares of the picture and of its border are within so many shades."""

_COARSE_PX, _COARSE_WINDOW = 40, 11
_PAPER_WINDOW = 0.26
"""Of the longer side: broader than any stroke, narrower than most shadows."""

_FAINTEST, _NOISE_TIMES = 0.25, 4.5
"""Ink is darker than its paper by this share, and by so many times the noise."""

_SOFTEST_PX = 3.0
_INK_FROM, _INK_FULL = 0.38, 0.62
"""From paper to ink, as shares of the ink's own darkness."""

_CONTACT_SHARE = 0.3
_MAIN_SHARE = 0.15
"""Of all that is dark the largest part holds so much, unless it is a speck among others: noise."""

_SPECK_SHARE, _SPECK_SIDE, _AT_EDGE_SHARE, _PALE = 0.015, 0.08, 0.3, 0.65
"""Other parts are ink only with such shares of the main one's weight, side and shade."""


def is_photograph(shade: Greyscale) -> bool:
    """Whether the paper has many shades, as no scan or canvas has."""
    if max(shade.shape) < LEAST_SIDE_PX:
        return False
    border = np.concatenate([shade[0], shade[-1], shade[:, 0], shade[:, -1]]).astype(np.int16)
    paper = int(np.median(border))
    even = (np.abs(shade.astype(np.int16) - paper) <= _EVEN_SHADES).mean()
    even_border = (np.abs(border - paper) <= _BORDER_SHADES).mean()
    return bool(even < _EVEN_SHARE or even_border < _BORDER_SHARE)


def find_ink(shade: Greyscale) -> Greyscale:
    """Ink 255 on paper 0; all 0 where none stands out from the light."""
    grey = _without_noise(shade)
    medians = _median_of_neighbours(grey)
    flat: _Grey = grey / _fit_light(medians, shade.shape)
    enlarged = Image.fromarray(medians).resize(shade.shape[::-1], Image.Resampling.BILINEAR)
    departs = np.log(grey / np.asarray(enlarged))
    dark, light = _ink_in(flat), _ink_in(np.reciprocal(flat))
    # The inside of a dark loop is a light spot, but not to the medians of a wider neighbourhood.
    is_light = (light * departs).sum() > (dark * -departs).sum()
    levelled: Greyscale = np.round((light if is_light else dark) * 255).astype(np.uint8)
    return levelled


def _ink_in(flat: _Grey) -> _Grey:
    """Ink 1.0, what is dark on light."""
    window = max(3, round(_PAPER_WINDOW * max(flat.shape))) | 1
    paper = in_square(in_square(flat, window, np.maximum), window, np.minimum)
    darkness = 1 - flat / paper
    least = max(_FAINTEST, _NOISE_TIMES * _noise(darkness))
    darkness = np.clip(darkness - np.float32(np.median(darkness)), 0, 1)
    strength = _strength(darkness, least)
    if strength is None:
        return np.zeros_like(flat)
    ramp = (darkness / strength - _INK_FROM) / (_INK_FULL - _INK_FROM)
    ink: _Grey = np.clip(ramp, 0, 1)
    parts = connected_parts(ink > 0)
    return ink * parts.mask(_inked(parts, darkness, _has_sharp_edges(parts, ink)))


def _has_sharp_edges(parts: Parts, ink: _Grey) -> _Which:
    """(n,) where paper becomes ink within a few pixels, as beside no shadow."""
    soft = parts.sums(((ink > 0) & (ink < 1)).astype(np.float32))
    inner = ink > 0.5
    steps = np.zeros_like(ink)
    steps[1:] += inner[1:] ^ inner[:-1]
    steps[:, 1:] += inner[:, 1:] ^ inner[:, :-1]
    sharp: _Which = soft <= _SOFTEST_PX * np.maximum(parts.sums(steps), 1)
    return sharp


def _strength(darkness: _Grey, least: float) -> float | None:
    """How dark the ink is; None where nothing that may be ink is as dark as `least`."""
    left = darkness.copy()
    for _ in range(4):
        strongest = float(np.partition(left, -_few(left), axis=None)[-_few(left) :].mean())
        if strongest < least:
            return None
        parts = connected_parts(left > strongest / 2)
        is_ink = _inked(parts, left, np.ones(len(parts.areas), bool))
        if is_ink.any():
            strength = float(np.percentile(left[parts.mask(is_ink)], 75))
            return strength if strength >= least else None
        left[parts.labels >= 0] = 0
    return None


def _few(grey: _Grey) -> int:
    return max(8, grey.size // 500)


def _inked(parts: Parts, darkness: _Grey, among: _Which) -> _Which:
    """(n,) which parts are ink: the main one among those, and what is like it."""
    weights = parts.sums(darkness) * (among & ~_is_strip(parts))
    main = int(weights.argmax()) if len(weights) else 0
    sides = np.maximum(parts.widths, parts.heights)
    is_there = len(weights) > 0 and weights[main] > _MAIN_SHARE * weights.sum()
    if not is_there or sides[main] < SMALLEST_INK * min(parts.shape):
        return np.zeros(len(weights), bool)
    shades = weights / parts.areas
    least = np.where(parts.at_edge, _AT_EDGE_SHARE, _SPECK_SHARE) * weights[main]
    is_like: _Which = (
        (weights >= least) & (sides >= _SPECK_SIDE * sides[main]) & (shades >= _PALE * shades[main])
    )
    return is_like


def _is_strip(parts: Parts) -> _Which:
    """(n,) what lies along a side of the picture or reaches two: a sheet's end, a ruled line."""
    height, width = parts.shape
    sides = [parts.left == 0, parts.right == width, parts.top == 0, parts.bottom == height]
    along = parts.contact > _CONTACT_SHARE * min(width, height)
    strip: _Which = along | (np.sum(sides, axis=0) > 1)
    return strip


def _without_noise(shade: Greyscale) -> _Grey:
    """Blurred a little where neighbours differ at random; never 0."""
    grey = shade.astype(np.float32)
    noise = _noise(grey)
    if noise > 3:
        blurred = Image.fromarray(shade).filter(ImageFilter.GaussianBlur(min(1.2, noise / 8)))
        grey = np.asarray(blurred, np.float32)
    return grey + 1


def _noise(grey: _Grey) -> float:
    """Standard deviation of what differs at random between neighbours, where that is much.

    The upper quartile, so that the noise of a shadow counts that holds a quarter of the picture.
    """
    differences = np.abs(grey[1:, 1:] + grey[:-1, :-1] - grey[1:, :-1] - grey[:-1, 1:])
    return float(np.percentile(differences, 75)) / 2.3


def _median_of_neighbours(grey: _Grey) -> _Grey:
    """The picture at a coarse scale, each pixel the median of a window: no strokes are left."""
    height, width = grey.shape
    scale = _COARSE_PX / max(grey.shape)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    coarse = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
    half = min(_COARSE_WINDOW, *coarse.shape) // 2
    around = np.pad(coarse, half, "symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(around, (2 * half + 1, 2 * half + 1))
    median: _Grey = np.median(windows.reshape(*coarse.shape, -1), axis=-1).astype(np.float32)
    return median


def _fit_light(medians: _Grey, shape: tuple[int, ...]) -> _Grey:
    """The light as a smooth surface of second degree, at the picture's own size, 1.0 on average."""
    shades = np.log(medians.ravel() / medians.mean())
    weights, *_ = np.linalg.lstsq(_surface(medians.shape), shades, rcond=None)
    fitted: _Grey = np.exp(_surface(shape) @ weights).reshape(shape).astype(np.float32)
    return fitted


def _surface(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """(pixels, 6): 1, x, y, xx, xy, yy of each pixel, x and y from -1 to 1."""
    y, x = (((np.arange(side) + 0.5) / side * 2 - 1) for side in shape)
    y, x = (grid.ravel() for grid in np.meshgrid(y, x, indexing="ij"))
    return np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
