"""Read what a person drew with the active model, and keep it if they want.

The only caller of `ml.inference`.
"""

import io
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext, gettext_noop
from PIL import Image

from ml.contract import NOT_A_DIGIT, Bitmap, BlankError, Drawn, Ink, Picture, Scores
from ml.inference import Classifier
from ml.preprocessing import ink_box, is_too_small, preprocess
from ml.strokes import pack_ink
from recognizer import active_model
from recognizer.models import Drawing, Prediction


@dataclass(frozen=True)
class Rejection:
    """Why nothing was read: a code for programs and a message for people."""

    code: str
    english: str

    @property
    def message(self) -> str:
        return gettext(self.english)


BLANK = Rejection("blank", gettext_noop("There is no ink yet."))
TOO_FAINT = Rejection(
    "too_faint",
    gettext_noop(
        "That is too faint to tell from the paper. Please use a darker pen, or more light."
    ),
)
TOO_SMALL = Rejection("too_small", gettext_noop("That is too small to read. Please draw larger."))
NO_DIGIT = Rejection("not_a_digit", gettext_noop("That does not look like a digit from 0 to 9."))
REJECTIONS = (BLANK, TOO_FAINT, TOO_SMALL, NO_DIGIT)


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
    model = active_model.current()
    try:
        bitmap = preprocess(drawn)
    except BlankError:
        faint = isinstance(drawn, Picture) and drawn.too_faint
        reason = TOO_FAINT if faint else BLANK
        return Recognition("", 0.0, reason, (), model.pk, model.number)
    scores = model.classifier.classify(bitmap)
    symbol = _symbol(drawn, bitmap, scores, model.classifier.classes)
    rejected = _rejection(drawn, scores, model.classifier)
    text = "" if rejected else symbol.label
    return Recognition(text, symbol.confidence, rejected, (symbol,), model.pk, model.number)


def _rejection(drawn: Drawn, scores: Scores, classifier: Classifier) -> Rejection | None:
    if is_too_small(drawn):
        return TOO_SMALL
    read = classifier.classes[int(classifier.decide(scores))]
    return NO_DIGIT if read == NOT_A_DIGIT else None


def _symbol(drawn: Drawn, bitmap: Bitmap, scores: Scores, classes: tuple[str, ...]) -> Symbol:
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
        box=ink_box(drawn),
        bitmap=bitmap,
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
    with transaction.atomic():
        drawing = Drawing(
            user_id=user.pk if user else None,
            visitor=visitor,
            save_key=key,
            review_order=recognition.confidence,
            **drawn_columns(drawn),
        )
        drawing.bitmap = bitmap_bytes(recognition.symbols[0].bitmap)
        drawing.save()
        Prediction.objects.create(drawing=drawing, **_answer_columns(recognition))
    return drawing


def read_labelled_again(at_most: int) -> int:
    """Keep what the active version reads in labelled drawings that it has not read; how many.

    A promotion leaves them read by another version, and the review desk suspects a label only
    by what the active one says. The newest labels first.

    Raises:
        NoActiveModelError: there is no model to read with.
    """
    version = active_model.current().pk
    read = Prediction.objects.filter(drawing=OuterRef("pk"), version=version)
    unread = Drawing.objects.approved().filter(~Exists(read)).order_by("-labels__pk")
    drawings = list(unread[:at_most])
    for drawing in drawings:
        columns = _answer_columns(recognise(drawing.drawn()))
        Prediction.objects.create(drawing=drawing, served=False, **columns)
    return len(drawings)


def _answer_columns(recognition: Recognition) -> dict[str, Any]:
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
                "box": list(symbol.box),
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
