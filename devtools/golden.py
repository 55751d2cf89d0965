"""Ten digits as a person draws them on a 280 x 280 canvas."""

from typing import Any

import numpy as np

from ml.contract import Ink
from ml.drawing.strokes import parse_strokes


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[list[float]]:
    """Return points on an ellipse from `start` to `end` degrees; 0 is right, 90 is down."""
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

NO_DIGITS: dict[str, list[list[list[float]]]] = {
    "A": [_path((140, 50), (80, 220)), _path((140, 50), (200, 220)), _path((105, 155), (175, 155))],
    "E": [_path((190, 60), (100, 60), (100, 220), (190, 220)), _path((100, 140), (170, 140))],
    "H": [_path((95, 60), (95, 220)), _path((185, 60), (185, 220)), _path((95, 140), (185, 140))],
    "K": [_path((100, 55), (100, 225)), _path((185, 60), (102, 145), (190, 225))],
    "M": [_path((70, 215), (90, 65), (140, 160), (190, 65), (210, 215))],
    "W": [_path((60, 70), (100, 210), (140, 100), (180, 210), (220, 70))],
    "house": [_path((80, 220), (80, 130), (140, 70), (200, 130), (200, 220), (80, 220))],
    "crossed out": [
        _path((50, 60), (230, 75), (50, 105), (230, 130), (50, 160), (230, 185), (50, 220))
    ],
    "47": [
        _path((70, 70), (40, 150), (110, 150)),
        _path((95, 110), (90, 210)),
        _path((150, 75), (240, 75), (185, 205)),
    ],
}
"""What is no digit, and should not be read as one."""


def body(digit: str, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> dict[str, Any]:
    """Return a request body that draws a digit, scaled about (0, 0) and shifted."""
    strokes = [
        [[round(x * scale + dx, 2), round(y * scale + dy, 2)] for x, y in stroke]
        for stroke in (STROKES | NO_DIGITS)[digit]
    ]
    return {"strokes": strokes, "width": 280, "height": 280}


def ink(digit: str, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> Ink:
    """Return the same digit as ink."""
    return parse_strokes(body(digit, scale, dx, dy)["strokes"], 280, 280)
