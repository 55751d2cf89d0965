"""Pen strokes: check what a client sent, pack it for storage, draw it."""

import struct
import zlib
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ml.contract import IMAGE_SIZE, Bitmap, Ink, InkError, Stroke

MAX_POINTS = 20_000
MAX_STROKES = 500
MAX_CANVAS_PX = 10_000
MAX_TIME_MS = 2**31 - 1

UNITS_PER_PX = 100
"""Coordinates are kept to a hundredth of a canvas pixel, so that storing loses nothing."""

UNKNOWN_TIME = -1.0

PEN_WIDTH_PX = 2.6
"""Canonical pen, in bitmap pixels: the width at which the rendered digits of the UCI
Pen-Based set hold as much ink as MNIST's training digits do (a test checks the ratio)."""

STEP_PX = 0.5
_MOST_DISCS = 4_096
_RawStrokes = list[list[list[float]]]
_HEADER = struct.Struct("<BHHH")
_FORMAT = 1


def parse_strokes(raw: object, width: int, height: int) -> Ink:
    """Check strokes as a client sends them.

    Args:
        raw: a list of strokes, each a list of [x, y] or [x, y, t] points;
            x and y in pixels of the canvas (y down), t in milliseconds.
        width, height: the canvas in pixels, 1 to `MAX_CANVAS_PX`.

    Returns:
        Ink with coordinates rounded to 0.01 px and times to 1 ms.
        An empty list is ink too: a blank canvas.

    Raises:
        InkError: a wrong type, too many points, NaN, or a point off the canvas.
    """
    _check_canvas(width, height)
    try:
        strokes = msgspec.convert(raw, _RawStrokes)
    except msgspec.ValidationError as error:
        raise InkError(_in_words(error)) from None
    if len(strokes) > MAX_STROKES:
        raise InkError(
            "%(count)s strokes; at most %(most)s are read.", count=len(strokes), most=MAX_STROKES
        )
    points = sum(map(len, strokes))
    if points > MAX_POINTS:
        raise InkError(
            "%(count)s points; at most %(most)s are read.", count=points, most=MAX_POINTS
        )
    return Ink(
        tuple(_to_stroke(stroke, i, width, height) for i, stroke in enumerate(strokes) if stroke),
        width,
        height,
    )


def _check_canvas(width: int, height: int) -> None:
    for name, value in (("width", width), ("height", height)):
        if not 1 <= value <= MAX_CANVAS_PX:
            raise InkError(
                "%(name)s must be 1 to %(most)s pixels, not %(value)s.",
                name=name,
                most=MAX_CANVAS_PX,
                value=value,
            )


def _in_words(error: msgspec.ValidationError) -> str:
    what, _, where = str(error).partition(" - at `$")
    return (
        f"{what.rstrip('.')} (at strokes{where.rstrip('`')})." if where else f"{what.rstrip('.')}."
    )


def _to_stroke(raw: list[list[float]], index: int, width: int, height: int) -> Stroke:
    lengths = set(map(len, raw))
    if not lengths <= {2, 3}:
        raise InkError("Stroke %(index)s: a point is [x, y] or [x, y, t].", index=index)
    if lengths != {3}:
        raw = [[*point, UNKNOWN_TIME] if len(point) == 2 else point for point in raw]
    stroke = np.array(raw, np.float64)  # (n, 3)
    if not np.isfinite(stroke).all():
        raise InkError("Stroke %(index)s: a coordinate is not a finite number.", index=index)
    if (stroke[:, :2] < 0).any() or (stroke[:, :2] > (width, height)).any():
        raise InkError(
            "Stroke %(index)s: a point lies off the %(width)s x %(height)s canvas.",
            index=index,
            width=width,
            height=height,
        )
    if (stroke[:, 2] > MAX_TIME_MS).any() or (stroke[:, 2] < UNKNOWN_TIME).any():
        raise InkError(
            "Stroke %(index)s: a time lies outside 0 to %(most)s ms.", index=index, most=MAX_TIME_MS
        )
    stroke[:, :2] = np.round(stroke[:, :2] * UNITS_PER_PX) / UNITS_PER_PX
    stroke[:, 2] = np.round(stroke[:, 2])
    return stroke


def pack_ink(ink: Ink) -> bytes:
    """Ink as a few hundred bytes: deltas of whole units, byte planes, deflate.

    `unpack_ink` gives back exactly what `parse_strokes` returned.
    """
    lengths = np.array([len(stroke) for stroke in ink.strokes], "<u2")
    points = np.concatenate([np.zeros((0, 3)), *ink.strokes])
    units = np.round(points * (UNITS_PER_PX, UNITS_PER_PX, 1)).astype("<i4")
    deltas = np.diff(units, axis=0, prepend=np.zeros((1, 3), "<i4")).astype("<i4")  # (n, 3)
    planes = deltas.T.copy().view(np.uint8).reshape(-1, 4).T.tobytes()
    head = _HEADER.pack(_FORMAT, ink.width, ink.height, len(ink.strokes))
    return head + zlib.compress(lengths.tobytes() + planes, 9)


def unpack_ink(packed: bytes) -> Ink:
    """The ink that `pack_ink` packed."""
    version, width, height, count = _HEADER.unpack_from(packed)
    if version != _FORMAT:
        raise ValueError(f"Unknown ink format {version}.")
    body = zlib.decompress(packed[_HEADER.size :])
    lengths = np.frombuffer(body, "<u2", count)
    planes = np.frombuffer(body, np.uint8, offset=2 * count).reshape(4, -1)
    deltas = planes.T.copy().view("<i4").reshape(3, -1).T  # (n, 3)
    points = np.cumsum(deltas, axis=0, dtype=np.int64) / (UNITS_PER_PX, UNITS_PER_PX, 1)
    cuts = np.cumsum(lengths.astype(np.int64))[:-1]
    return Ink(tuple(np.split(points, cuts)) if count else (), width, height)


def resample(stroke: Stroke, step: float) -> Stroke:
    """Points at most `step` apart along the stroke, both ends kept; (m, 2)."""
    xy = stroke[:, :2]
    # Not np.hypot: the page does these very steps in JavaScript, and gets the very same numbers.
    steps = np.sqrt((np.diff(xy, axis=0) ** 2).sum(axis=1))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    if length[-1] == 0.0:
        return xy[:1]
    at = np.linspace(0.0, length[-1], int(np.ceil(length[-1] / step)) + 1)
    return np.column_stack([np.interp(at, length, xy[:, 0]), np.interp(at, length, xy[:, 1])])


def clockwise(turn_deg: float) -> NDArray[np.float64]:
    """(2, 2) that turns columns of x right, y down, as they are seen."""
    turn = np.deg2rad(turn_deg)
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def rasterise(strokes: tuple[Stroke, ...], pen_width_px: float) -> Bitmap:
    """Draw strokes with a round pen, edges blended over one pixel.

    The line is the union of discs half a pixel apart, which departs from the
    exact outline by less than 0.03 px for any pen wider than 2 px.

    Args:
        strokes: coordinates in bitmap pixels, (0, 0) the top left corner;
            ink beyond the edges is cut.
        pen_width_px: width of the pen in bitmap pixels.

    Returns:
        (28, 28) float32, ink 1.0 on paper 0.0.
    """
    if not strokes:
        return np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    points = np.concatenate([resample(stroke, STEP_PX) for stroke in strokes])  # (n, 2)
    return stamp(points, pen_width_px)


def stamp(points: Stroke, pen_width_px: float) -> Bitmap:
    """Ink a disc at each of (n, 2) points; see `rasterise`."""
    canvas = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    if len(points) > _MOST_DISCS:
        # More than any hand draws: an eighth of a pixel off, but not gigabytes.
        points = np.unique(np.round(points * 4), axis=0) / 4
    for start in range(0, len(points), _MOST_DISCS):
        _stamp(canvas, points[start : start + _MOST_DISCS], pen_width_px)
    return canvas


def _stamp(canvas: Bitmap, points: Stroke, pen_width_px: float) -> None:
    reach = pen_width_px / 2 + 0.5
    first = np.ceil(points - reach - 0.5)  # (n, 2) first pixel that a disc can touch
    window = np.arange(int(2 * reach) + 1)  # (k,)
    x = first[:, 0, None] + window  # (n, k)
    y = first[:, 1, None] + window  # (n, k)
    dx2 = (x + 0.5 - points[:, 0, None]) ** 2
    dy2 = (y + 0.5 - points[:, 1, None]) ** 2
    coverage = reach - np.sqrt(dy2[:, :, None] + dx2[:, None, :])  # (n, k, k)
    inside = (coverage > 0) & _on_canvas(y)[:, :, None] & _on_canvas(x)[:, None, :]
    pixel = (y[:, :, None] * IMAGE_SIZE + x[:, None, :])[inside].astype(np.intp)
    np.maximum.at(canvas.reshape(-1), pixel, np.minimum(coverage[inside], 1.0).astype(np.float32))


def _on_canvas(index: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.bool_]:
    return (index >= 0) & (index < IMAGE_SIZE)
