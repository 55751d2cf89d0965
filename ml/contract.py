"""The types that cross a module border, and the sizes they agree on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGE_SIZE = 28
"""Side of the square bitmap a network reads, in pixels."""

INK_BOX = 20
"""Longer side of the ink inside that bitmap, in pixels; MNIST's own normalisation."""

DIGITS = tuple("0123456789")

NOT_A_DIGIT = "not a digit"
"""The label of a drawing that shows none of the classes."""


Stroke = NDArray[np.float64]
"""(n, 3): x, y in canvas pixels (y down) and t in milliseconds, -1 where unknown."""

Bitmap = NDArray[np.float32]
"""(28, 28): ink 1.0 on paper 0.0, every value a whole number of 255ths."""

Scores = NDArray[np.float32]
"""(classes,) or (n, classes): probabilities that sum to 1 along the last axis."""

Greyscale = NDArray[np.uint8]
"""(height, width): one byte a pixel."""

Labels = NDArray[np.str_]
"""(n,): one short string a sample."""


class InkError(ValueError):
    """What a client sent cannot be read as a drawing; the message says why.

    `reason` is the message before `values` are put in, for whoever has it in another language.
    """

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason % values if values else reason)
        self.reason, self.values = reason, values


class BlankError(InkError):
    """The drawing holds no ink."""


@dataclass(frozen=True, eq=False)
class Ink:
    """Pen strokes on a `width` x `height` canvas, in writing order."""

    strokes: tuple[Stroke, ...]
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of a drawing: light ink on dark paper, 0 to 255.

    `too_faint` where something stands out from the paper, but too little to tell
    ink from shadows; there is no ink in the pixels then.
    """

    pixels: Greyscale
    too_faint: bool = False


Drawn = Ink | Picture
"""Whatever a person drew or sent, before it becomes a bitmap."""

JSON = dict[str, Any]
