"""Exported files for tests, whole and broken."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from recognizer import exchange
from recognizer.models import Drawing
from recognizer.tests.factories import (
    ONE,
    make_drawing,
    make_label,
    make_picture,
    make_user,
)

Entries = dict[str, bytes]


def make_one_of_each() -> list[Drawing]:
    """Drawings with a label in every state or none, of strokes and a picture, by several people."""
    ada = make_user("ada")
    drawings = [
        make_drawing(user=ada),
        make_drawing([[[50, 50.25], [50, 200]], [[100.01, 220, 7]], *ONE], user=ada),
        make_drawing(picture=make_picture()),
        make_drawing(read=None),
        make_drawing(read=""),
    ]
    for drawing, value, state in zip(
        drawings,
        ["7", "1", "not a digit", "4"],
        ["approved", "suggested", "approved", "refused"],
        strict=False,
    ):
        make_label(drawing, value, state=state)
    for days, drawing in enumerate(drawings):
        moment = datetime(2021, 3, 4, 5, 6, 7, 891_234, UTC) + timedelta(days=days)
        Drawing.objects.filter(pk=drawing.pk).update(created_at=moment)
    return drawings


def exported(file_format: str, drawings: Any = None) -> bytes:
    return b"".join(
        exchange.export(Drawing.objects.all() if drawings is None else drawings, file_format)
    )


def imported(content: bytes, **options: Any) -> exchange.Imported:
    return exchange.import_drawings(io.BytesIO(content), exchange.ON_THE_WEB, **options)


def entries(content: bytes) -> Entries:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: Entries) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def with_array(content: bytes, name: str, change: Callable[[Any], Any]) -> bytes:
    """An NPZ file with one of its arrays changed."""
    changed, buffer = entries(content), io.BytesIO()
    array = np.load(io.BytesIO(changed[f"{name}.npy"]))
    np.save(buffer, change(array), allow_pickle=True)
    return zipped(changed | {f"{name}.npy": buffer.getvalue()})
