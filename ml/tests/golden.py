"""Ten digits, drawn by hand on a 280 x 280 canvas: what a person's drawing looks like."""

from typing import Any

import numpy as np

from ml.contract import Ink
from ml.strokes import parse_strokes


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[list[float]]:
    """Points on an ellipse from `start` to `end` degrees, 0 to the right, 90 down."""
    turn = np.deg2rad(np.linspace(start, end, 24))
    return [
        [round(float(cx + rx * np.cos(t)), 2), round(float(cy + ry * np.sin(t)), 2)] for t in turn
    ]


def _path(*corners: tuple[float, float]) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in corners]


STROKES: dict[str, list[list[list[float]]]] = {
    "0": [_arc(140, 140, 55, 80, -90, 275)],
    "1": [_path((115, 85), (145, 55), (145, 225))],
    "2": [_arc(138, 105, 48, 48, -160, 40) + _path((95, 215), (195, 215))],
    "3": [_arc(130, 98, 45, 42, -150, 90) + _arc(130, 180, 52, 42, -90, 150)],
    "4": [_path((125, 60), (80, 160), (195, 160)), _path((165, 110), (160, 230))],
    "5": [_path((185, 60), (105, 60), (98, 125)) + _arc(135, 170, 52, 52, -125, 140)],
    "6": [_path((170, 55), (120, 110)) + _arc(138, 175, 44, 46, -155, 205)],
    "7": [_path((85, 65), (190, 65), (125, 225))],
    "8": [_arc(140, 98, 38, 40, 90, 450) + _arc(140, 182, 46, 44, -90, 270)],
    "9": [_arc(140, 105, 44, 45, 0, -350) + _path((184, 105), (175, 170), (155, 230))],
}


def body(digit: str, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> dict[str, Any]:
    """A request body that draws a digit, scaled about (0, 0) and shifted."""
    strokes = [
        [[round(x * scale + dx, 2), round(y * scale + dy, 2)] for x, y in stroke]
        for stroke in STROKES[digit]
    ]
    return {"strokes": strokes, "width": 280, "height": 280}


def ink(digit: str, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> Ink:
    """The same as ink."""
    return parse_strokes(body(digit, scale, dx, dy)["strokes"], 280, 280)
