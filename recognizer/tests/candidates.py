"""Versions with different predictions, and a few images to compare them on."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ml import pretrained
from ml.data.dataset import load_bitmaps, save_bitmaps
from ml.evaluation.metrics import score
from ml.reading.inference import Classifier
from recognizer.models import Drawing, ModelVersion
from recognizer.tests.factories import make_drawing, make_label, make_run, make_version

CLASSES: list[str] = pretrained.result()["plan"]["classes"]


def reads_well(**fields: Any) -> ModelVersion:
    """A candidate from a run, with the shipped network."""
    if "run" not in fields:
        fields["run"] = make_run(state="succeeded")
    fields.setdefault("reject_above", pretrained.result()["calibration"]["reject_above"])
    fields.setdefault("classes", CLASSES)
    return make_version(
        artifact=pretrained.ARTIFACT.read_bytes(),
        web_model=web_model(fields["classes"]),
        **fields,
    )


def web_model(classes: list[str]) -> bytes:
    """The shipped network for browsers, with other names for its outputs."""
    content = pretrained.WEB.read_bytes()
    length = int.from_bytes(content[4:8], "little")
    header = json.loads(content[8 : 8 + length]) | {"classes": classes}
    # Only the order of the names changes, so the header keeps its length.
    text = json.dumps(header, separators=(",", ":")).encode().ljust(length)
    assert len(text) == length
    return content[:8] + text + content[8 + length :]


def takes_sevens_for_ones(**fields: Any) -> ModelVersion:
    """Like `reads_well`, but it predicts 1 for every 7 and 7 for every 1."""
    swapped = [{"1": "7", "7": "1"}.get(name, name) for name in CLASSES]
    return reads_well(classes=swapped, **fields)


def lose_the_file(version: ModelVersion) -> None:
    """Delete the version's artifact, but not its row."""
    assert version.artifact.name
    version.artifact.storage.delete(version.artifact.name)


def save_few_mnist_images(path: Path) -> Path:
    """Save 40 of MNIST's test images, without 1 and 7, that both versions predict correctly."""
    mnist = load_bitmaps(pretrained.MNIST_TEST)
    first = mnist.select(np.flatnonzero(~np.isin(mnist.labels, ["1", "7"]))[:60])
    classifier = Classifier.load(pretrained.ARTIFACT, tuple(CLASSES))
    predicted = np.array(CLASSES)[score(classifier, first).argmax(axis=1)]
    few = first.select(np.flatnonzero(predicted == first.labels)[:40])
    save_bitmaps(path, few.images, few.labels, few.writers)
    return path


def approved_seven(*, read: str = "7", **options: Any) -> Drawing:
    """A drawing with the approved label 7 and the first prediction `read`."""
    drawing = make_drawing(read=read, **options)
    make_label(drawing, "7", state="approved")
    return drawing
