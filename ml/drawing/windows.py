"""What is greatest or least near each pixel."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Extreme = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
"""`np.maximum` or `np.minimum`."""


def in_square(grey: NDArray[Any], side: int, extreme: Extreme) -> NDArray[Any]:
    """The extreme in a square about each pixel; the picture's edge goes on outside it.

    Args:
        side: odd, in pixels.
    """
    return in_row(in_row(grey, side, extreme).T, side, extreme).T


def in_row(grey: NDArray[Any], width: int, extreme: Extreme) -> NDArray[Any]:
    """The extreme of `width` pixels of its row, an odd number, about each pixel."""
    half = width // 2
    found = np.pad(grey, ((0, 0), (half, half)), "edge")
    reached = 1
    while reached * 2 <= width:
        found = extreme(found[:, :-reached], found[:, reached:])
        reached *= 2
    rest = width - reached
    return extreme(found[:, :-rest], found[:, rest:]) if rest else found


def in_disc(grey: NDArray[Any], radius: float) -> NDArray[Any]:
    """The greatest in a disc about each pixel: light lines become broader by twice the radius."""
    reach = int(radius)
    height = len(grey)
    tall = np.pad(grey, ((reach, reach), (0, 0)))
    found = grey
    for down in range(-reach, reach + 1):
        width = 2 * int((radius**2 - down**2) ** 0.5) + 1
        rows = tall[reach + down : reach + down + height]
        found = np.maximum(found, in_row(rows, width, np.maximum))
    return found
