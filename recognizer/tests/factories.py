"""Factories for tests: each function makes one object and those it needs."""

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile

from ml import pretrained
from ml.contract import DIGITS, Drawn, Ink, Picture
from ml.drawing.preprocessing import preprocess
from ml.drawing.strokes import parse_strokes
from recognizer.drawings.recognition import bitmap_bytes, drawn_columns
from recognizer.models import (
    Drawing,
    Label,
    ModelVersion,
    Prediction,
    TrainingExample,
    TrainingRun,
)
from recognizer.models.held_out import is_held_out

RawStrokes = list[list[list[float]]]

CANVAS_PX = 280

SEVEN: RawStrokes = [[[80, 60, 0], [200, 60, 120], [150, 150, 240], [120, 230, 360]]]
ONE: RawStrokes = [[[140, 50, 0], [140, 140, 90], [140, 230, 180]]]
SLIP: RawStrokes = [[[140, 140, 0], [142, 141, 10]]]
"""A slip of the pen: too small to be read."""


def make_user(username: str = "ada", **fields: Any) -> User:
    """An ordinary user, or the existing user of that name."""
    user, _ = User.objects.get_or_create(username=username, defaults=fields)
    return user


def make_staff(username: str = "grace", permissions: Iterable[str] = ()) -> User:
    """A staff member with these permissions ("change_drawing") and no others."""
    user = make_user(username, is_staff=True)
    wanted = Permission.objects.filter(
        content_type__app_label="recognizer", codename__in=list(permissions)
    )
    user.user_permissions.set(wanted)
    return user


def make_ink(strokes: RawStrokes = SEVEN) -> Ink:
    """Strokes on a 280 x 280 canvas."""
    return parse_strokes(strokes, CANVAS_PX, CANVAS_PX)


def make_picture() -> Picture:
    """A 120 x 100 photograph of a one."""
    pixels = np.zeros((120, 100), np.uint8)
    pixels[20:100, 45:55] = 255
    return Picture(pixels)


def make_drawing(
    strokes: RawStrokes = SEVEN,
    *,
    read: str | None = "7",
    confidence: float = 0.993,
    version: ModelVersion | None = None,
    user: User | None = None,
    picture: Picture | None = None,
    held_out: bool = False,
    **fields: Any,
) -> Drawing:
    """A stored drawing with its served prediction.

    Args:
        strokes: what was drawn, unless a picture is given.
        read: the predicted text; "" is a rejected drawing, None leaves out the prediction.
        user: the owner; an anonymous visitor by default.
        held_out: whether the drawing's id puts it into the test set.
    """
    drawn: Drawn = picture or make_ink(strokes)
    fields.setdefault("public_id", make_public_id(held_out=held_out))
    owner = {} if user else {"visitor": uuid.uuid4()}
    drawing = Drawing.objects.create(
        user=user,
        bitmap=bitmap_bytes(preprocess(drawn)),
        **drawn_columns(drawn),
        **(owner | fields),
    )
    if read is not None:
        make_prediction(drawing, read, confidence=confidence, version=version)
    return drawing


def make_public_id(*, held_out: bool) -> uuid.UUID:
    """An id that puts a drawing into the test set, or does not."""
    while is_held_out(public_id := uuid.uuid4(), settings.HELD_OUT_SHARE) != held_out:
        pass
    return public_id


def make_prediction(
    drawing: Drawing,
    text: str = "7",
    *,
    confidence: float = 0.993,
    version: ModelVersion | None = None,
    served: bool = True,
    rejected: str = "",
) -> Prediction:
    """A prediction by a version, by default the first; "" is a rejected drawing."""
    digit = text or "3"
    return Prediction.objects.create(
        drawing=drawing,
        version=version or ModelVersion.objects.first() or make_version(),
        served=served,
        text=text,
        confidence=confidence,
        rejected="" if text else rejected or "not_a_digit",
        symbols=[
            {
                "label": digit,
                "confidence": confidence,
                "probabilities": probabilities(digit, confidence),
                "box": [80, 60, 120, 170],
            }
        ],
    )


def probabilities(digit: str, confidence: float) -> dict[str, float]:
    """`confidence` for the digit; the other nine share the rest equally."""
    rest = (1.0 - confidence) / (len(DIGITS) - 1)
    return {name: confidence if name == digit else rest for name in DIGITS}


def make_label(
    drawing: Drawing,
    value: str = "7",
    *,
    state: str = Label.State.SUGGESTED,
    given_by: User | None = None,
) -> Label:
    """A label of the drawing, in any state."""
    return Label.objects.create(drawing=drawing, value=value, state=state, given_by=given_by)


def make_version(
    number: int | None = None,
    *,
    state: str = ModelVersion.State.CANDIDATE,
    artifact: bytes = b"not a real network",
    web_model: bytes = b"",
    **fields: Any,
) -> ModelVersion:
    """A model version with small files, which cannot be loaded unless given."""
    number = number or ModelVersion.objects.next_number()
    weights = b"not real weights"
    if web_model:
        fields["web_model"] = ContentFile(web_model, "model.web.bin")
        fields["web_sha256"] = hashlib.sha256(web_model).hexdigest()
    fields.setdefault("metrics", {"mnist_test": make_metrics()})
    fields.setdefault("architecture", "cnn-v1")
    fields.setdefault("classes", pretrained.result()["plan"]["classes"])
    return ModelVersion.objects.create(
        number=number,
        state=state,
        artifact=ContentFile(artifact, "model.tflite"),
        sha256=hashlib.sha256(artifact).hexdigest(),
        weights=ContentFile(weights, "weights.npz"),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        **fields,
    )


def make_metrics(errors: int = 50, samples: int = 10_000) -> dict[str, Any]:
    """Metrics as `ml.evaluation.metrics.evaluate` returns them; every error is a 4 read as a 9."""
    share = samples // len(DIGITS)
    confusion = [[share * (row == column) for column in range(10)] for row in range(10)]
    confusion[4][4] -= errors
    confusion[4][9] = errors
    accuracy = 1 - errors / samples
    return {
        "samples": samples,
        "errors": errors,
        "accuracy": accuracy,
        "interval": [accuracy - 0.002, accuracy + 0.001],
        "loss": 0.02,
        "expected_calibration_error": 0.0021,
        "confusion": confusion,
        "classes": list(DIGITS),
    }


def make_run(
    drawings: Iterable[Drawing] = (),
    *,
    state: str = TrainingRun.State.QUEUED,
    value: str = "7",
    **fields: Any,
) -> TrainingRun:
    """A run on these drawings, each labelled `value`, by default from the first version."""
    base_version = fields.pop("base_version", None)
    run = TrainingRun.objects.create(
        state=state,
        base_version=base_version or ModelVersion.objects.first() or make_version(),
        **fields,
    )
    TrainingExample.objects.bulk_create(
        TrainingExample(run=run, drawing=drawing, value=value) for drawing in drawings
    )
    return run
