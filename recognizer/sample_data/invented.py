"""Millions of synthetic drawings: handwritten digits and a few letters.

Does not import Django, so that other processes can make them.
"""

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.contract import DIGITS, NOT_A_DIGIT, Ink, Stroke
from ml.data.letterforms import DIGIT_FORMS, OTHER_FORMS, strokes_of
from ml.data.synthetic import smooth
from ml.drawing.pictures import as_picture
from ml.drawing.preprocessing import ink_box, preprocess
from ml.drawing.strokes import UNKNOWN_TIME, pack_ink
from recognizer.sample_data.bitmaps import bitmaps

CANVAS_PX = 280
PICTURES = 0.02
LETTERS = 0.03
PICTURE_PX = 96
_PEN_PX = 5.0

_POINTS_A_CORNER = 9
"""A pen that reports 60 times a second passes a form in 40 to 90 points."""

_WOBBLE = 0.35
_SIZES = (0.35, 0.9)
_TREMOR_PX = 0.25
_MS_A_POINT = 16


@dataclass(frozen=True)
class SampleDrawing:
    """A drawing as it is stored, with either `ink` or `picture`.

    `shows` is the correct label.
    """

    shows: str
    width: int
    height: int
    ink: bytes | None
    picture: bytes | None
    bitmap: bytes
    box: tuple[float, float, float, float]


def make(seed: int, count: int) -> list[SampleDrawing]:
    """Make `count` drawings; the same seed gives the same drawings."""
    rng = np.random.default_rng(seed)
    digits = [(digit, form) for digit in DIGITS for form in DIGIT_FORMS[digit]]
    letters = [(NOT_A_DIGIT, form) for forms in OTHER_FORMS.values() for form in forms]
    of_letters = len(digits) + rng.integers(len(letters), size=count)
    is_letter = rng.random(count) < LETTERS
    which = np.where(is_letter, of_letters, rng.integers(len(digits), size=count))
    made: list[SampleDrawing | None] = [None] * count
    for number in np.unique(which).tolist():
        shows, form = (*digits, *letters)[number]
        places = np.flatnonzero(which == number).tolist()
        points, cuts = _written(form, len(places), rng)
        images = bitmaps(points[..., :2], cuts)
        for place, one, image in zip(places, points, images, strict=True):
            ink = Ink(tuple(np.split(one, cuts)), CANVAS_PX, CANVAS_PX)
            is_picture = rng.random() < PICTURES
            made[place] = _as_picture(shows, ink) if is_picture else _as_ink(shows, ink, image)
    return [one for one in made if one is not None]


def _as_ink(shows: str, ink: Ink, image: NDArray[np.uint8]) -> SampleDrawing:
    packed, bitmap = pack_ink(ink), image.tobytes()
    return SampleDrawing(shows, ink.width, ink.height, packed, None, bitmap, ink_box(ink))


def _as_picture(shows: str, ink: Ink) -> SampleDrawing:
    share = PICTURE_PX / CANVAS_PX
    small = Ink(tuple(stroke * share for stroke in ink.strokes), PICTURE_PX, PICTURE_PX)
    picture = as_picture(small, _PEN_PX)
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, "PNG", optimize=True)
    bitmap = np.round(preprocess(picture) * 255).astype(np.uint8).tobytes()
    png = buffer.getvalue()
    return SampleDrawing(shows, PICTURE_PX, PICTURE_PX, None, png, bitmap, ink_box(picture))


def _written(form: str, count: int, rng: np.random.Generator) -> tuple[Stroke, list[int]]:
    """Write one form `count` times, each with another hand, size and place on the canvas.

    Does what `ml.data.synthetic.by_hand` and `ml.evaluation.robustness.lay` do, for all at once:
    a curve through corners is a matrix times the corners.

    Returns:
        (count, n, 3) points, and the indices in n where a new stroke begins.
    """
    turn, slant = np.deg2rad(rng.normal(0, 5, count)), rng.normal(0.08, 0.18, count)
    wide = np.exp(rng.normal(-0.15, 0.25, count))
    rows = (np.cos(turn) * wide, -np.cos(turn) * slant - np.sin(turn))
    columns = (np.sin(turn) * wide, -np.sin(turn) * slant + np.cos(turn))
    linear = np.moveaxis(np.array([rows, columns]), -1, 0)  # (count, 2, 2)
    wobble = _WOBBLE * rng.uniform(0.3, 1.4, (count, 1, 1))
    strokes = []
    for corners in strokes_of(form):
        again = np.append(False, (np.diff(corners, axis=0) == 0).all(axis=1))
        miss = rng.normal(0, 1, (count, *corners.shape)) * wobble
        # A repeated point is one corner, so its copies must move together.
        miss[:, again] = miss[:, np.flatnonzero(again) - 1]
        bent = (corners + miss) @ linear.transpose(0, 2, 1)
        strokes.append(_curve(len(corners)) @ bent)  # (count, points, 2)
    return _laid(strokes, rng)


@cache
def _curve(corners: int) -> NDArray[np.float64]:
    """Return a (points, corners) matrix that maps corners to the curve through them."""
    units = np.eye(corners)
    points = _POINTS_A_CORNER * max(1, corners - 1)
    return np.column_stack([smooth(unit[:, None], points)[:, 0] for unit in units])


def _laid(strokes: list[NDArray[np.float64]], rng: np.random.Generator) -> tuple[Stroke, list[int]]:
    points = np.concatenate(strokes, axis=1)  # (count, points of all strokes, 2)
    count = len(points)
    low, sides = points.min(axis=1), np.ptp(points, axis=1)
    scale = CANVAS_PX * rng.uniform(*_SIZES, (count, 1)) / sides.max(axis=1, keepdims=True)
    shift = rng.uniform(0, 1, (count, 2)) * np.maximum(CANVAS_PX - sides * scale, 0)
    placed = (points - low[:, None]) * scale[:, None] + shift[:, None]
    shaken = np.clip(placed + rng.normal(0, _TREMOR_PX, placed.shape), 0, CANVAS_PX)
    times = _times(shaken.shape[:2], rng)
    whole = np.concatenate([np.round(shaken, 2), times[..., None]], axis=2)
    cuts: list[int] = np.cumsum([stroke.shape[1] for stroke in strokes])[:-1].tolist()
    return whole, cuts


def _times(shape: tuple[int, ...], rng: np.random.Generator) -> Stroke:
    """Return each point's time in ms; one client in twelve sends no times."""
    times = np.cumsum(_MS_A_POINT + rng.integers(-1, 2, shape), axis=1).astype(np.float64)
    times[::12] = UNKNOWN_TIME
    return times
