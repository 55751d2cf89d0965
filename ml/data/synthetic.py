"""Made-up drawings: written characters, scribbles, several digits at once."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.contract import IMAGE_SIZE, INK_BOX, Bitmap, Ink, Labels, Stroke
from ml.data.letterforms import strokes_of
from ml.drawing.pictures import as_picture
from ml.drawing.preprocessing import centre_by_mass, preprocess
from ml.drawing.strokes import clockwise

_CANVAS = 280
_PENS_PX = (1.8, 3.4)

_PICTURES = 0.35
"""Share of synthetic characters that come as a picture of the canvas, as an upload does."""
_PICTURE_PENS_PX = (4.0, 28.0)

_TURNS_DEG = {"1": (9.0, 11.0), "7": (5.0, 6.0)}
"""By label, how far it is turned clockwise: mean and deviation; see `ml.data.augmentation`."""
_TURN_DEG = (0.0, 5.0)

_WOBBLE = 0.45
"""How far a hand misses each corner of a form, in ninths of its height: standard deviation."""


def written(
    forms: Mapping[str, tuple[str, ...]], count: int, seed: int
) -> tuple[NDArray[np.uint8], Labels]:
    """Characters as hands would write them: each form slanted, stretched and shaken.

    Returns:
        (count, 28, 28) uint8 and (count,) labels, each about equally often.
    """
    rng = np.random.default_rng(seed)
    names = sorted(forms)
    known = {name: [strokes_of(form) for form in forms[name]] for name in names}
    labels = np.array(names)[rng.permutation(np.arange(count) % len(names))]
    out = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, label in enumerate(labels.tolist()):
        choices = known[label]
        turn_deg = _TURNS_DEG.get(label, _TURN_DEG)
        strokes = _by_hand(choices[rng.integers(len(choices))], rng, turn_deg)
        is_picture = rng.random() < _PICTURES
        out[index] = _on_picture(strokes, rng) if is_picture else _inked(strokes, rng)
    return out, labels


def by_hand(form: str, rng: np.random.Generator) -> Ink:
    """One form (see `ml.data.letterforms`) as a hand would write it on the canvas."""
    strokes = (np.clip(stroke, 0, _CANVAS) for stroke in _by_hand(strokes_of(form), rng))
    return Ink(tuple(strokes), _CANVAS, _CANVAS)


def turned(ink: Ink, label: str, rng: np.random.Generator) -> Ink:
    """The strokes as other hands hold them: turned as a synthetic character of that label is."""
    turn = clockwise(rng.normal(*_TURNS_DEG.get(label, _TURN_DEG)))
    return replace(ink, strokes=tuple(stroke[:, :2] @ turn.T for stroke in ink.strokes))


def _by_hand(
    form: tuple[Stroke, ...],
    rng: np.random.Generator,
    turn_deg: tuple[float, float] = _TURN_DEG,
) -> list[Stroke]:
    """One way of writing a form on the canvas."""
    turn, slant = clockwise(rng.normal(*turn_deg)), rng.normal(0.08, 0.18)
    wide = np.exp(rng.normal(-0.15, 0.25))
    linear = turn @ np.array([[wide, -slant], [0.0, 1.0]])
    wobble = _WOBBLE * rng.uniform(0.3, 1.4)
    strokes = []
    for corners in form:
        # A point given twice is one corner: it must stay one.
        again = np.append(False, (np.diff(corners, axis=0) == 0).all(axis=1))
        miss = rng.normal(0, wobble, corners.shape)
        miss[again] = miss[np.flatnonzero(again) - 1]
        shaken = corners + miss + rng.normal(0, wobble / 2, 2)  # the whole stroke misses too
        strokes.append(_CANVAS / 2 + 20 * (shaken - 4.5) @ linear.T)
    return [smooth(stroke) for stroke in strokes]


def _inked(strokes: list[Stroke], rng: np.random.Generator) -> NDArray[np.uint8]:
    clipped = tuple(np.clip(stroke, 0, _CANVAS) for stroke in strokes)
    bitmap = preprocess(Ink(clipped, _CANVAS, _CANVAS), float(rng.uniform(*_PENS_PX)))
    return np.round(bitmap * 255).astype(np.uint8)


def _on_picture(strokes: list[Stroke], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same, larger or smaller, saved with a pen from thin to thick and read again."""
    scale, pens = rng.uniform(0.5, 1.4), np.log(_PICTURE_PENS_PX)
    edge, middle = 5, _CANVAS / 2
    laid = (np.clip(middle + scale * (each - middle), edge, _CANVAS - edge) for each in strokes)
    picture = as_picture(Ink(tuple(laid), _CANVAS, _CANVAS), float(np.exp(rng.uniform(*pens))))
    return np.round(preprocess(picture) * 255).astype(np.uint8)


def scribbles(count: int, seed: int) -> NDArray[np.uint8]:
    """(count, 28, 28): what a hand draws that means no digit, with pens of many widths."""
    rng = np.random.default_rng(seed)
    kinds = (_wandering, _crossed_lines, _zigzag, _polygon)
    out = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index in range(count):
        out[index] = _inked(kinds[rng.integers(len(kinds))](rng), rng)
    return out


def several_digits(digits: NDArray[np.uint8], count: int, seed: int) -> NDArray[np.uint8]:
    """(count, 28, 28): two or three of the (n, 28, 28) digits in a row, fitted as one drawing."""
    rng = np.random.default_rng(seed)
    out = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index in range(count):
        row = digits[rng.integers(len(digits), size=rng.integers(2, 4))]
        out[index] = np.round(
            _fit(np.concatenate([_cropped(digit) for digit in row], axis=1)) * 255
        )
    return out


def _cropped(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    columns = np.flatnonzero((digit > 50).any(axis=0))
    return np.pad(digit[:, columns[0] : columns[-1] + 1], ((0, 0), (1, 2)))


def _fit(row: NDArray[np.uint8]) -> Bitmap:
    scale = INK_BOX / max(row.shape)
    size = (max(1, round(row.shape[1] * scale)), max(1, round(row.shape[0] * scale)))
    small = np.asarray(Image.fromarray(row).resize(size, Image.Resampling.LANCZOS), np.float32)
    bitmap = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    top, left = (IMAGE_SIZE - size[1]) // 2, (IMAGE_SIZE - size[0]) // 2
    bitmap[top : top + size[1], left : left + size[0]] = small / max(float(small.max()), 1.0)
    return centre_by_mass(bitmap)


def smooth(corners: Stroke, points: int = 120) -> Stroke:
    """A curve through (n, 2) corners: Catmull-Rom."""
    padded = np.vstack([corners[:1], corners, corners[-1:]])
    at = np.linspace(0, len(corners) - 1 - 1e-9, points)
    i = at.astype(int)
    t = (at - i)[:, None]
    p0, p1, p2, p3 = (padded[i + k] for k in range(4))
    bend = 2 * p0 - 5 * p1 + 4 * p2 - p3
    curve: Stroke = 0.5 * (
        2 * p1 + (p2 - p0) * t + bend * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return curve


def _wandering(rng: np.random.Generator) -> list[Stroke]:
    """One to three curves with more turns than any digit has."""
    strokes = rng.integers(1, 4)
    return [smooth(rng.uniform(20, 260, (rng.integers(6, 14), 2))) for _ in range(strokes)]


def _crossed_lines(rng: np.random.Generator) -> list[Stroke]:
    """Four to eight straight lines, anyhow."""
    return [rng.uniform(20, 260, (2, 2)) for _ in range(rng.integers(4, 9))]


def _zigzag(rng: np.random.Generator) -> list[Stroke]:
    """Four or more strokes of the pen to and fro, as in crossing something out."""
    turns = rng.integers(5, 14)
    across = np.where(np.arange(turns) % 2, 250, 30) + rng.uniform(-30, 30, turns)
    along = np.linspace(40, 240, turns) + rng.uniform(-8, 8, turns)
    points = np.column_stack([across, along])
    return [smooth(points if rng.random() < 0.5 else points[:, ::-1])]


def _polygon(rng: np.random.Generator) -> list[Stroke]:
    """A closed figure with corners, something drawn inside it."""
    corners = int(rng.integers(3, 7))
    turn = np.arange(corners + 1) * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi)
    radius = rng.uniform(70, 120)
    outline = 140 + radius * np.column_stack([np.cos(turn), np.sin(turn)])
    inside = 140 + rng.uniform(-0.6, 0.6, (2, rng.integers(2, 4), 2)) * radius
    return [outline, *inside[: rng.integers(1, 3)]]
