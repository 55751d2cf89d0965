"""Characters as the same hand might write them again: turned, slanted, stretched, pushed about.

They are bent where they are still large, and become a bitmap only then: nothing is blurred, so
that strokes look as if a pen had drawn them and scans as if they had been scanned. A bitmap that is
bent itself (`ml.data.augmentation`) looks like neither.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.contract import BlankError, Greyscale, Ink, Picture
from ml.drawing.preprocessing import preprocess
from ml.drawing.strokes import clockwise, resample


@dataclass(frozen=True)
class Bend:
    """How far characters are bent: standard deviations."""

    turned_deg: float
    slanted: float
    stretched: float
    pushed: float
    """By how much of its longer side each part of a character is moved."""
    clockwise_deg: Mapping[str, float] = field(default_factory=dict)
    """By label, around which angle strokes are turned if not 0; see `ml.data.augmentation`."""


PEN = Bend(7.0, 0.12, 0.10, 0.03, {"1": 9.0, "7": 5.0})
"""For strokes."""

SCAN = Bend(4.0, 0.08, 0.07, 0.025)
"""For scans: of these there are many hands, and what is bent further reads as another digit."""

_ROOM = 160
"""Side of the picture that a bitmap is enlarged to, in pixels."""
_LONGER_SIDE = 114
"""Of the ink in it."""
_INK_LEVELS = (0.35, 0.55)
"""Where ink ends, as a share of its strongest: lower is a broader pen."""
_STEEPNESS = 5.0
"""Of the edge of the ink. With it and Lanczos's filter, bitmaps that are not bent have about as
many pixels of each grey as those they came from."""
_CELLS = 5
_PIECE = 2_000
_STROKE_STEP = 0.02


def bend_scans(images: NDArray[np.uint8], seed: int, how: Bend = SCAN) -> NDArray[np.uint8]:
    """Scanned characters, bent at almost six times their size and normalised again.

    Args:
        images: (n, 28, 28), ink 255.

    Returns:
        The same shape. What has no ink, or hardly any paper, comes back as it is.
    """
    starts = range(0, len(images), _PIECE)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        pieces = [images[start : start + _PIECE] for start in starts]
        return np.concatenate(list(pool.map(_bend_piece, pieces, seeds, [how] * len(pieces))))


def _bend_piece(
    images: NDArray[np.uint8], seed: np.random.SeedSequence, how: Bend
) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    out = images.copy()
    for index, image in enumerate(images):
        with suppress(BlankError):
            out[index] = np.round(255 * preprocess(Picture(_bend_scan(image, rng, how))))
    return out


def _bend_scan(image: NDArray[np.uint8], rng: np.random.Generator, how: Bend) -> Greyscale:
    room = Image.fromarray(image).resize((_ROOM, _ROOM), Image.Resampling.BICUBIC)
    bent = bend_picture(np.asarray(room), rng, how, _LONGER_SIDE).astype(np.float32)
    level = rng.uniform(*_INK_LEVELS)
    ink = np.clip((bent / max(float(bent.max()), 1.0) - level) * _STEEPNESS + 0.5, 0, 1)
    scanned: Greyscale = np.round(255 * ink).astype(np.uint8)
    return scanned


def bend_picture(
    room: Greyscale, rng: np.random.Generator, how: Bend, longer_side_px: float
) -> Greyscale:
    """A square picture of a character, which lies in its middle and has room around it, bent.

    Args:
        longer_side_px: of the character.
    """
    side = len(room)
    y, x = np.mgrid[:side, :side] - side / 2
    turn, slant = np.deg2rad(rng.normal(0, how.turned_deg)), rng.normal(0, how.slanted)
    stretch = np.exp(rng.normal(0, how.stretched))
    push_px = how.pushed * longer_side_px
    across = (np.cos(turn) * x - np.sin(turn) * y) / stretch + slant * y
    down = np.sin(turn) * x + np.cos(turn) * y
    across, down = across + _push(side, push_px, rng), down + _push(side, push_px, rng)
    rows, columns = (
        np.clip(np.round(place + side / 2), 0, side - 1).astype(np.intp) for place in (down, across)
    )
    bent: Greyscale = room[rows, columns]
    return bent


def _push(side: int, push_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """(side, side) smooth offsets in pixels."""
    coarse = Image.fromarray(rng.normal(0, push_px, (_CELLS, _CELLS)).astype(np.float32))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def bend_ink(ink: Ink, label: str, rng: np.random.Generator, how: Bend = PEN) -> Ink:
    """Strokes, bent before they are drawn; their times are lost."""
    if not ink.strokes:
        return ink
    points = np.concatenate(ink.strokes)[:, :2]
    low, extent = points.min(axis=0), float(np.ptp(points, axis=0).max())
    if not extent:
        return ink
    turn = clockwise(rng.normal(how.clockwise_deg.get(label, 0.0), how.turned_deg))
    stretch = np.exp(rng.normal(0, how.stretched))
    linear = turn @ np.array([[stretch, -rng.normal(0, how.slanted)], [0.0, 1.0]])
    pushes = rng.normal(0, how.pushed, (2, _CELLS, _CELLS))
    strokes = []
    for stroke in ink.strokes:
        at = resample((stroke[:, :2] - low) / extent, _STROKE_STEP)  # (n, 2), 0 to 1
        strokes.append(extent * (at + _pushed(at, pushes)) @ linear.T)
    return replace(ink, strokes=tuple(strokes))


def _pushed(at: NDArray[np.float64], pushes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) smooth offsets at (n, 2) places from 0 to 1, from (2, cells, cells) random ones."""
    knots = np.linspace(0, 1, _CELLS)
    # Gaussian bumps about a cell wide, which together keep the field's standard deviation.
    bumps = np.exp(-0.5 * ((at[:, :, None] - knots) * (_CELLS - 1)) ** 2)  # (n, 2, cells)
    weight = bumps[:, 1, :, None] * bumps[:, 0, None, :]  # (n, rows, columns)
    weight /= np.sqrt((weight**2).sum(axis=(1, 2), keepdims=True))
    pushed: NDArray[np.float64] = np.einsum("nrc,krc->nk", weight, pushes)
    return pushed
