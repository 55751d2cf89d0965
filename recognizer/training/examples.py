"""A run's frozen drawings as files for the training process."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml.contract import IMAGE_SIZE, Ink
from ml.data.dataset import save_bitmaps, save_strokes
from recognizer.language.stored_messages import message
from recognizer.models import TrainingRun


class NoDrawingsError(ValueError):
    """Every drawing of the run has been deleted."""


def write_examples(
    run: TrainingRun, folder: Path, sign_of_life: Callable[[], None] = lambda: None
) -> list[Path]:
    """Write the drawings with their labels, strokes and pictures each in a file of their own.

    Args:
        sign_of_life: called now and then, since a large set takes a while.

    Raises:
        NoDrawingsError: there is none left.
    """
    examples = run.examples.select_related("drawing").order_by("pk")
    inks: list[tuple[Ink, str, str]] = []
    bitmaps: list[tuple[bytes, str, str]] = []
    for index, example in enumerate(examples.iterator(chunk_size=500)):
        if index % 500 == 0:
            sign_of_life()
        drawing = example.drawing
        owner = str(drawing.user_id or drawing.visitor)
        drawn = drawing.drawn()
        if isinstance(drawn, Ink):
            inks.append((drawn, example.value, owner))
        else:
            bitmaps.append((bytes(drawing.bitmap), example.value, owner))
    written = []
    if inks:
        written.append(folder / "drawn.npz")
        drawn_inks, labels, owners = (list(column) for column in zip(*inks, strict=True))
        save_strokes(written[-1], drawn_inks, labels, owners)
    if bitmaps:
        written.append(folder / "pictures.npz")
        raw, labels, owners = (list(column) for column in zip(*bitmaps, strict=True))
        images = np.frombuffer(b"".join(raw), np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
        save_bitmaps(written[-1], images, np.array(labels, "U16"), np.array(owners, "U64"))
    if not written:
        raise NoDrawingsError(message("no_drawings"))
    return written
