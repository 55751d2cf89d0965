"""What a training draws its samples from: sets cut to the classes, redrawn, and synthetic ones."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.contract import NOT_A_DIGIT, Labels
from ml.data.dataset import Dataset, concatenate, only_classes
from ml.data.letterforms import DIGIT_FORMS, OTHER_FORMS
from ml.data.synthetic import scribbles, several_digits, written
from ml.data.thinning import redraw
from ml.drawing.strokes import PEN_WIDTH_PX

UNLIKE_DIGITS = frozenset("ACDEFGHJKLMNPQRTUVWXYadefhkmnprtuvwxy+-*")
"""Letters and signs that nobody takes for a digit. O, I, l, S, Z, B, b, g, q and the like
are left out: as drawings they are digits."""

_PENS_PX = (1.9, 3.4)
_REDRAWN_SHARE = 0.25
_BENT_SHARE = 0.5  # of what is not redrawn
_FLAGGED = "7"
_PIECE = 4_000


def learnable(part: Dataset, classes: tuple[str, ...]) -> Dataset:
    """The samples with a label among `classes`.

    With NOT_A_DIGIT among them, letters and signs unlike any digit get that label.
    """
    if NOT_A_DIGIT in classes:
        unlike = np.isin(part.labels, sorted(UNLIKE_DIGITS))
        part = replace(part, labels=np.where(unlike, NOT_A_DIGIT, part.labels))
    return only_classes(part, classes)


def synthetic_digits(count: int, seed: int) -> Dataset:
    """`count` synthetic digits, in forms that the scanned sets hold few of."""
    images, labels = written(DIGIT_FORMS, count, seed)
    return _synthetic(images, labels, f"digits, seed {seed}")


def synthetic_others(digits: Dataset, count: int, seed: int) -> Dataset:
    """`count` drawings of no digit: half written letters and signs, then scribbles, then rows.

    Args:
        digits: what the rows of several digits are put together from.
    """
    letters, rows = count // 2, count // 5
    images = np.concatenate(
        [
            written(OTHER_FORMS, letters, seed)[0],
            scribbles(count - letters - rows, seed),
            several_digits(digits.images, rows, seed),
        ]
    )
    return _synthetic(images, np.full(len(images), NOT_A_DIGIT, "U16"), f"others, seed {seed}")


def _synthetic(images: NDArray[np.uint8], labels: Labels, name: str) -> Dataset:
    return Dataset(
        images,
        labels.astype("U16"),
        np.full(len(images), "", "U1"),
        np.ones(len(images), np.float32),
        np.ones(len(images), bool),
        {f"synthetic {name}": "ml.data.synthetic"},
    )


def varied(part: Dataset, pens: int, shapes: Sequence[NDArray[np.uint8]], seed: int) -> Dataset:
    """The samples, each also bent and redrawn with other pens: all of one together weigh as it did.

    Scanned 7s are not redrawn: most come from where a flagged stroke is a 7. People who draw that
    on a canvas mean a 1 as often, so that it is left to what was drawn there.

    Args:
        pens: with how many pens of random width each is redrawn: with the first as it is, with the
            next as the first of `shapes`, and so on.
        shapes: (n, 28, 28) each, the same samples bent.
    """
    left = (part.labels == _FLAGGED) & ~part.by_pen
    by_pens = part.weights * np.where(left, 0, _REDRAWN_SHARE if pens else 0).astype(np.float32)
    bent = (part.weights - by_pens) * np.float32(_BENT_SHARE if shapes else 0)
    as_it_is = replace(part, weights=part.weights - by_pens - bent)
    weights, drawn = by_pens / np.float32(max(pens, 1)), np.ones(len(part), bool)
    redrawn = [
        replace(part, images=images, weights=weights, by_pen=drawn)
        for images in _redrawn([part.images, *shapes], pens, seed)
    ]
    weights = bent / np.float32(max(len(shapes), 1))
    others = [replace(part, images=images, weights=weights) for images in shapes]
    return concatenate([as_it_is, *redrawn, *others])


def _redrawn(
    shapes: Sequence[NDArray[np.uint8]], pens: int, seed: int
) -> Iterator[NDArray[np.uint8]]:
    """(n, 28, 28) with each pen; they take the `shapes` in turn, each of which is thinned once."""
    widths = np.random.default_rng(seed).uniform(*_PENS_PX, (pens, len(shapes[0])))
    for first, images in enumerate(shapes[:pens]):
        yield from _in_pieces(images, widths[first :: len(shapes)])


def as_drawn(part: Dataset) -> Dataset:
    """The samples with the canonical pen: how they would look had they been drawn on the canvas."""
    widths = np.full((1, len(part)), PEN_WIDTH_PX)
    images = _in_pieces(part.images, widths)[0]
    return replace(part, images=images, by_pen=np.ones(len(part), bool))


def _in_pieces(images: NDArray[np.uint8], widths: NDArray[np.float64]) -> NDArray[np.uint8]:
    starts = range(0, len(images), _PIECE)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(
            redraw,
            [images[start : start + _PIECE] for start in starts],
            [widths[:, start : start + _PIECE] for start in starts],
        )
        return np.concatenate(list(done), axis=1)


def with_class_share(part: Dataset, label: str, share: float) -> Dataset:
    """Weights changed so that one label makes up `share` of what is drawn."""
    mine = part.labels == label
    own, others = float(part.weights[mine].sum()), float(part.weights[~mine].sum())
    if not own or not others:
        return part
    factor = np.float32(share / (1 - share) * others / own)
    return replace(part, weights=np.where(mine, part.weights * factor, part.weights))


def with_hard_negatives(
    older: Dataset, drawings: Dataset, predicted: Labels, times: float
) -> Dataset:
    """Weights changed so that older samples say how far what is newly learned may go.

    A drawing that is read as something else moves the border between the two. For each, older
    samples of what it is taken for are seen `times` as often as the drawing, beside what they are
    seen anyway.

    Args:
        predicted: (n,) the class predicted for each drawing before the training.
    """
    weights = older.weights.copy()
    taken_for = predicted != drawings.labels
    for label in np.unique(predicted[taken_for]):
        mine = older.labels == label
        if own := float(weights[mine].sum()):
            gained = times * float(drawings.weights[taken_for & (predicted == label)].sum())
            weights[mine] *= np.float32(1 + gained / own)
    return replace(older, weights=weights)
