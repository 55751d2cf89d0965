"""Read what a person drew with the active model, and keep it if they want.

The only caller of `ml.reading.inference`.
"""

import io
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from PIL import Image

from ml.contract import NOT_A_DIGIT, Bitmap, BlankError, Drawn, Ink, Picture, Scores
from ml.drawing.preprocessing import Prepared, prepare
from ml.drawing.strokes import pack_ink
from recognizer.backing.write_lock import hold_write_lock
from recognizer.drawings.rejections import BLANK, NO_DIGIT, TOO_FAINT, TOO_SMALL, Rejection
from recognizer.models import Drawing, Prediction
from recognizer.monitoring import metrics
from recognizer.registry import active_model
from recognizer.registry.active_model import ActiveModel


@dataclass(frozen=True, eq=False)
class Symbol:
    """One symbol found in a drawing, and how sure the model is of each class."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    box: tuple[float, float, float, float]
    bitmap: Bitmap


@dataclass(frozen=True, eq=False)
class Recognition:
    """The answer to one drawing; `text` is "" where it is rejected."""

    text: str
    confidence: float
    rejected: Rejection | None
    symbols: tuple[Symbol, ...]
    version_pk: int
    version_number: int


def recognise(drawn: Drawn) -> Recognition:
    """Read a drawing with the model that is active now.

    Raises:
        NoActiveModelError: there is no model to read with.
    """
    return recognise_all([drawn])[0]


def recognise_all(drawings: Sequence[Drawn]) -> list[Recognition]:
    """Read each of some drawings, all with the same model and in one inference.

    Raises:
        NoActiveModelError: there is no model to read with.
    """
    model = active_model.current()
    started = time.perf_counter()
    found = _read_all(drawings, model)
    seconds_each = (time.perf_counter() - started) / max(1, len(found))
    for one in found:
        rejected = one.rejected.code if one.rejected else ""
        metrics.count_prediction(model.number, one.text, rejected, seconds_each)
    return found


def _read_all(drawings: Sequence[Drawn], model: ActiveModel) -> list[Recognition]:
    prepared = [_prepared(drawn) for drawn in drawings]
    bitmaps = [one.bitmap for one in prepared if isinstance(one, Prepared)]
    each: Iterator[tuple[Scores, int]] = iter(())
    if bitmaps:
        scores = model.classifier.classify_batch(np.stack(bitmaps))
        each = zip(scores, model.classifier.decide(scores).tolist(), strict=True)
    return [
        _recognition(one, *next(each), model)
        if isinstance(one, Prepared)
        else Recognition("", 0.0, one, (), model.pk, model.number)
        for one in prepared
    ]


def _prepared(drawn: Drawn) -> "Prepared | Rejection":
    try:
        return prepare(drawn)
    except BlankError:
        return TOO_FAINT if isinstance(drawn, Picture) and drawn.too_faint else BLANK


def _recognition(prepared: Prepared, scores: Scores, read: int, model: ActiveModel) -> Recognition:
    classes = model.classifier.classes
    symbol = _symbol(prepared, scores, classes)
    rejected = _rejection(prepared, classes[read])
    text = "" if rejected else symbol.label
    return Recognition(text, symbol.confidence, rejected, (symbol,), model.pk, model.number)


def _rejection(prepared: Prepared, read: str) -> Rejection | None:
    if prepared.is_too_small:
        return TOO_SMALL
    return NO_DIGIT if read == NOT_A_DIGIT else None


def _symbol(prepared: Prepared, scores: Scores, classes: tuple[str, ...]) -> Symbol:
    # Rounded to six places, kept in 0 to 1: float32 softmax may reach 1.0000001.
    probabilities = {
        name: min(1.0, round(score, 6))
        for name, score in zip(classes, scores.tolist(), strict=True)
        if name != NOT_A_DIGIT  # it takes its share: what is left says how sure a digit is
    }
    best = max(probabilities, key=lambda name: probabilities[name])
    return Symbol(
        label=best,
        confidence=probabilities[best],
        probabilities=probabilities,
        box=prepared.box,
        bitmap=prepared.bitmap,
    )


def save(
    drawn: Drawn,
    recognition: Recognition,
    *,
    user: AbstractBaseUser | None,
    visitor: uuid.UUID | None,
    key: uuid.UUID | None = None,
) -> Drawing:
    """Store a drawing with the answer its owner got, both or neither.

    Raises:
        BlankError: there is nothing to store.
        IntegrityError: a drawing with that key is stored already.
    """
    if not recognition.symbols:
        raise BlankError("There is no ink to save.")
    drawing = Drawing(
        user_id=user.pk if user else None,
        visitor=visitor,
        save_key=key,
        review_order=recognition.confidence,
        **drawn_columns(drawn),
    )
    drawing.bitmap = bitmap_bytes(recognition.symbols[0].bitmap)
    prediction = answer_columns(recognition)
    # All that can be is done by now: SQLite lets nobody else write until this is over.
    with hold_write_lock(), transaction.atomic():
        drawing.save(force_insert=True)
        Prediction.objects.create(drawing=drawing, **prediction)
    return drawing


def read_labelled_again(at_most: int) -> int:
    """Keep what the active version reads in labelled drawings that it has not read; how many.

    A promotion leaves them read by another version, and the review desk suspects a label only
    by what the active one says. The newest labels first.

    Raises:
        NoActiveModelError: there is no model to read with.
    """
    model = active_model.current()
    read = Prediction.objects.filter(drawing=OuterRef("pk"), version=model.pk)
    unread = Drawing.objects.approved().filter(~Exists(read)).order_by("-labels__pk")
    drawings = list(unread[:at_most])
    for drawing in drawings:
        columns = answer_columns(_read_all([drawing.drawn()], model)[0])
        Prediction.objects.create(drawing=drawing, served=False, **columns)
    return len(drawings)


def answer_columns(recognition: Recognition) -> dict[str, Any]:
    """What `Prediction` keeps of an answer."""
    return {
        "version_id": recognition.version_pk,
        "text": recognition.text,
        "confidence": recognition.confidence,
        "rejected": recognition.rejected.code if recognition.rejected else "",
        "symbols": [
            {
                "label": symbol.label,
                "confidence": symbol.confidence,
                "probabilities": symbol.probabilities,
                "box": [round(side, 2) for side in symbol.box],  # as exact as strokes are kept
            }
            for symbol in recognition.symbols
        ],
    }


def drawn_columns(drawn: Drawn) -> dict[str, Any]:
    """What `Drawing` keeps of the strokes or picture themselves."""
    if isinstance(drawn, Ink):
        return {
            "source": Drawing.Source.CANVAS,
            "width": drawn.width,
            "height": drawn.height,
            "ink": pack_ink(drawn),
        }
    height, width = drawn.pixels.shape
    buffer = io.BytesIO()
    Image.fromarray(drawn.pixels).save(buffer, "PNG", optimize=True)
    return {
        "source": Drawing.Source.IMAGE,
        "width": width,
        "height": height,
        "picture": buffer.getvalue(),
    }


def bitmap_bytes(bitmap: Bitmap) -> bytes:
    """784 bytes, row by row; nothing is lost, since a bitmap's steps are 255ths."""
    return np.round(bitmap * 255).astype(np.uint8).tobytes()
