"""Drawings stored before there was a review desk find their place at it."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ml.contract import NOT_A_DIGIT
from recognizer.models import Drawing
from recognizer.models.drawing import fingerprint

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("recognizer", "0003_gate")]


def migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def old() -> Iterator[Any]:
    """The models as they were; the database is brought back to the newest afterwards."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrate(BEFORE)
    migrate(newest)


def test_drawings_stored_before_get_fingerprint_and_place(old):
    drawing, label, prediction, version = (
        old.get_model("recognizer", name)
        for name in ("Drawing", "Label", "Prediction", "ModelVersion")
    )
    read_by = version.objects.create(number=1, classes=[], architecture="cnn-v1")
    bitmaps = [bytes([level]) * 784 for level in (0, 100, 200, 250, 255)]
    unread, read, disputed, agreed, approved = (
        drawing.objects.create(
            visitor=uuid.uuid4(), source="canvas", width=1, height=1, ink=b"", bitmap=bitmap
        )
        for bitmap in bitmaps
    )
    for row, text in [(read, "7"), (disputed, "7"), (agreed, ""), (approved, "7")]:
        prediction.objects.create(
            drawing=row, version=read_by, text=text, confidence=0.75, symbols=[]
        )
    label.objects.create(drawing=disputed, value="1")
    label.objects.create(drawing=agreed, value=NOT_A_DIGIT)
    label.objects.create(drawing=approved, value="7", state="approved")
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
    rows = Drawing.objects.in_bulk()
    places = [rows[row.pk].review_order for row in (unread, read, disputed, agreed, approved)]
    assert places == [0.0, 0.75, -1.25, 0.75, None]
    assert [row.fingerprint for row in rows.values()] == [
        fingerprint(bytes(row.bitmap)) for row in rows.values()
    ]
    assert rows[unread.pk].fingerprint == rows[read.pk].fingerprint != rows[disputed.pk].fingerprint
