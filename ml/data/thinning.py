"""Bitmaps redrawn with another pen: thinned to their skeleton, then inked again.

MNIST was scanned from felt pens of many widths; what people draw on a canvas is
rendered at one. Redrawing brings sixty thousand scanned digits into the domain that
serving sees.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.contract import IMAGE_SIZE, INK_BOX, Bitmap
from ml.drawing.preprocessing import centre_by_mass
from ml.drawing.strokes import stamp

_SCALE = 2
_CHUNK = 2_000

MOST_LOST = 0.45
"""Ink that a skeleton may lose anywhere, as a share of 3x3 pixels. Where more is lost a loop
was filled with ink: redrawn, an 8 would be a 1. Of MNIST's digits 26 % lose more; of those
that a trained network misreads once redrawn, 72 %."""


def redraw(
    images: NDArray[np.uint8], pen_widths_px: NDArray[np.floating[Any]]
) -> NDArray[np.uint8]:
    """Thin each bitmap to its skeleton and ink that with round pens.

    Args:
        images: (n, 28, 28), ink 255.
        pen_widths_px: (pens, n) in bitmap pixels.

    Returns:
        (pens, n, 28, 28) uint8, fitted to 20 px and centred by mass like every bitmap.
        A bitmap whose skeleton is a dot, or does not give the ink back, comes back as it was.
    """
    out = np.repeat(images[None], len(pen_widths_px), axis=0)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        enlarged = enlarge(images[part])
        skeletons = skeletonise(enlarged > _ink_level(enlarged))
        for index, skeleton in enumerate(skeletons, start):
            if ink_lost(images[index], skeleton) > MOST_LOST:
                continue
            for pen, widths in enumerate(pen_widths_px):
                bitmap = ink_skeleton(skeleton, float(widths[index]))
                if bitmap is not None:
                    out[pen, index] = np.round(bitmap * 255)
    return out


def _ink_level(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 1, 1) above which a pixel is ink: lower where the whole drawing is faint."""
    faintness = [np.percentile(image[image > 0.1], 80) if image.max() > 0.1 else 1.0
                 for image in images]  # fmt: skip
    return 0.45 * np.array(faintness, np.float32)[:, None, None]


def ink_lost(image: NDArray[np.uint8], skeleton: NDArray[np.bool_]) -> float:
    """The most ink in any 3x3 pixels, 0 to 1, that inking the skeleton evenly does not bring back.

    Args:
        image: (28, 28), ink 255.
        skeleton: (56, 56) of the same.
    """
    ink = image.astype(np.float32) / 255
    points = _points(skeleton) / _SCALE + 0.25
    length_px = len(points) / _SCALE * 1.12  # a diagonal step counts as one
    width = float(np.clip(ink.sum() / (length_px + 1), 1.0, 8.0))
    lost = np.pad(ink - stamp(points, width), 1)  # (30, 30)
    rows = lost[:-2] + lost[1:-1] + lost[2:]
    return float((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]).max() / 9)


def _points(skeleton: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n, 2) x and y of a skeleton's pixels."""
    rows, columns = np.nonzero(skeleton)
    return np.column_stack([columns, rows]).astype(np.float64)


def ink_skeleton(skeleton: NDArray[np.bool_], pen_width_px: float) -> Bitmap | None:
    """(28, 28) from an enlarged skeleton; None where there is no line to draw."""
    points = _points(skeleton)
    if len(points) < 2:
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    if extent < _SCALE * 3:
        return None
    scale = (INK_BOX - pen_width_px) / extent
    return centre_by_mass(
        stamp(scale * points + IMAGE_SIZE / 2 - scale * (low + high) / 2, pen_width_px)
    )


def enlarge(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 56, 56) from (n, 28, 28), bilinear, ink 1.0."""
    at = (np.arange(IMAGE_SIZE * _SCALE) + 0.5) / _SCALE - 0.5
    low = np.clip(np.floor(at).astype(int), 0, IMAGE_SIZE - 1)
    high = np.minimum(low + 1, IMAGE_SIZE - 1)
    share = np.clip(at - low, 0, 1).astype(np.float32)
    x = images.astype(np.float32) / 255
    x = x[:, low] * (1 - share)[:, None] + x[:, high] * share[:, None]
    enlarged: NDArray[np.float32] = x[:, :, low] * (1 - share) + x[:, :, high] * share
    return enlarged


def skeletonise(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, h, w) lines one pixel wide, connected as the ink was.

    Source: Zhang and Suen, "A fast parallel algorithm for thinning digital
    patterns", 1984.
    """
    # Eight pictures to a byte, which logic on whole bytes thins together.
    image = np.pad(np.packbits(ink, axis=0), ((0, 0), (1, 1), (1, 1)))
    changed = True
    while changed:
        changed = False
        for first_half in (True, False):
            removed = _removable(image, first_half=first_half)
            if removed.any():
                image[:, 1:-1, 1:-1] &= ~removed
                changed = True
    return np.unpackbits(image[:, 1:-1, 1:-1], axis=0, count=len(ink)).astype(bool)


def _removable(image: NDArray[np.uint8], *, first_half: bool) -> NDArray[np.uint8]:
    inner = slice(1, -1)
    up, down, same = slice(0, -2), slice(2, None), inner
    # Neighbours clockwise from the north: p2 … p9 of the paper.
    n = [
        image[:, rows, columns]
        for rows, columns in (
            (up, same), (up, down), (same, down), (down, down),
            (down, same), (down, up), (same, up), (up, up),
        )
    ]  # fmt: skip
    entries = [~here & following for here, following in zip(n, [*n[1:], n[0]], strict=True)]
    one_or_more, two_or_more = _at_least_one_and_two(entries)
    _, two_neighbours = _at_least_one_and_two(n)
    _, two_gaps = _at_least_one_and_two([~each for each in n])
    north, east, south, west = n[0], n[2], n[4], n[6]
    if first_half:
        open_side = ~(north & east & south) & ~(east & south & west)
    else:
        open_side = ~(north & east & west) & ~(north & south & west)
    edge = two_neighbours & two_gaps & one_or_more & ~two_or_more & open_side
    removable: NDArray[np.uint8] = image[:, inner, inner] & edge
    return removable


def _at_least_one_and_two(
    several: list[NDArray[np.uint8]],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """For each bit, whether it is set in one or more of them, and whether in two or more."""
    one, two = np.zeros_like(several[0]), np.zeros_like(several[0])
    for each in several:
        two |= one & each
        one |= each
    return one, two
