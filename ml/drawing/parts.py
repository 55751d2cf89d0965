"""The connected parts of a mask, with where each lies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Whole = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Parts:
    """n parts that touch nowhere, not even at corners.

    labels   the mask's shape: which part a pixel belongs to, -1 for none
    areas, contact    (n,) pixels, and those of them on the picture's edge
    left, top, right, bottom   (n,) the box around each, ends excluded
    """

    labels: _Whole
    areas: _Whole
    contact: _Whole
    left: _Whole
    top: _Whole
    right: _Whole
    bottom: _Whole

    def mask(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where the parts are that `kept`, (n,), names."""
        padded = np.append(kept, False)  # -1 is the last
        return padded[self.labels]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.labels.shape

    @property
    def at_edge(self) -> NDArray[np.bool_]:
        return self.contact > 0

    def sums(self, grey: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,) sum of that over each part."""
        inside = self.labels >= 0
        shades = grey[inside].astype(np.float64)
        return np.bincount(self.labels[inside], shades, len(self.areas)).astype(np.float64)

    @property
    def widths(self) -> _Whole:
        return self.right - self.left

    @property
    def heights(self) -> _Whole:
        return self.bottom - self.top


def connected_parts(mask: NDArray[np.bool_]) -> Parts:
    """Find the parts of a (height, width) mask."""
    height, width = mask.shape
    rows, starts, ends = _runs(mask)
    part = _joined(rows, starts, ends, width)
    count = int(part.max()) + 1 if part.size else 0
    labels = np.full(mask.shape, -1, np.intp)
    labels[mask] = np.repeat(part, ends - starts)
    edge = np.ones(mask.shape, bool)
    edge[1:-1, 1:-1] = False

    def extreme(pick: np.ufunc, values: _Whole, first: int) -> _Whole:
        found = np.full(count, first, np.intp)
        pick.at(found, part, values)
        return found

    return Parts(
        labels,
        areas=np.bincount(part, ends - starts, count).astype(np.intp),
        contact=np.bincount(labels[edge & mask], minlength=count),
        left=extreme(np.minimum, starts, width),
        top=extreme(np.minimum, rows, height),
        right=extreme(np.maximum, ends, 0),
        bottom=extreme(np.maximum, rows + 1, 0),
    )


def _runs(mask: NDArray[np.bool_]) -> tuple[_Whole, _Whole, _Whole]:
    """(runs,) row, first column and the one after the last, of ink in a row; in reading order."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _joined(rows: _Whole, starts: _Whole, ends: _Whole, width: int) -> _Whole:
    """(runs,) the number of the part that each run belongs to."""
    # On one long line, a run lies over those of the next row that its own place, a row on, meets.
    stride = width + 2
    first, last = rows * stride + starts, rows * stride + ends
    low = np.searchsorted(last, first + stride, "left")
    high = np.searchsorted(first, last + stride, "right")
    below = np.maximum(high - low, 0)
    above = np.repeat(np.arange(len(rows)), below)
    under = np.arange(below.sum()) - np.repeat(np.cumsum(below) - below, below) + low[above]
    part = np.arange(len(rows))
    while (part[above] != part[under]).any():
        least = np.minimum(part[above], part[under])
        np.minimum.at(part, part[above], least)
        np.minimum.at(part, part[under], least)
        part = part[part]
    numbers: _Whole = np.unique(part, return_inverse=True)[1].astype(np.intp)
    return numbers
