"""All data of some drawings as one JSON document, for the person who drew them.

It names nobody else: who gave or decided on a label is left out.
"""

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.utils import timezone

from ml.drawing.strokes import UNKNOWN_TIME, unpack_ink
from recognizer.exchange.zip_stream import in_pieces
from recognizer.models import Drawing, Label, Prediction

_BATCH = 100


def everything(drawings: QuerySet[Drawing]) -> Iterator[bytes]:
    """The document in pieces. Memory use does not grow with the number of drawings."""
    return in_pieces(_document(drawings))


def _document(drawings: QuerySet[Drawing]) -> Iterator[bytes]:
    moment = msgspec.json.encode(timezone.now())
    yield b'{"format":"handwriting-recogniser/1","exported_at":%s,"drawings":[' % moment
    comma = b"\n"
    rows = drawings.for_history().prefetch_related("examples__run__version")  # type: ignore[attr-defined]
    keys = drawings.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=_BATCH)
    while batch := list(islice(keys, _BATCH)):
        for drawing in rows.filter(pk__in=batch).order_by("pk"):
            yield comma + msgspec.json.encode(_drawing(drawing))
            comma = b",\n"
    yield b"\n]}\n"


def _drawing(drawing: Drawing) -> dict[str, Any]:
    return {
        "id": drawing.public_id,
        "created_at": drawing.created_at,
        "title": drawing.title,
        "source": drawing.source,
        "width": drawing.width,
        "height": drawing.height,
        "strokes": _strokes(drawing),
        "picture": _png(drawing.picture),
        "seen": list(bytes(drawing.bitmap)),
        "kept_for_judging": drawing.held_out,
        "idempotency_key": drawing.save_key,
        "share_token": drawing.share.token if drawing.is_shared else None,
        "predictions": [_prediction(row) for row in drawing.predictions.all()],
        "labels": [_label(row) for row in drawing.labels.all()],
        "learned_from_by_versions": _learned(drawing),
    }


def _strokes(drawing: Drawing) -> list[Any] | None:
    if drawing.ink is None:
        return None
    return [
        [[x, y] if t == UNKNOWN_TIME else [x, y, int(t)] for x, y, t in stroke.tolist()]
        for stroke in unpack_ink(bytes(drawing.ink)).strokes
    ]


def _png(content: Any) -> str | None:
    if content is None:
        return None
    return "data:image/png;base64," + base64.b64encode(bytes(content)).decode()


def _prediction(row: Prediction) -> dict[str, Any]:
    return {
        "version": row.version.number,
        "answered": row.served,
        "text": row.text,
        "confidence": row.confidence,
        "rejected": row.rejected,
        "symbols": row.symbols,
        "created_at": row.created_at,
    }


def _label(row: Label) -> dict[str, Any]:
    return {
        "value": row.value,
        "state": row.state,
        "created_at": row.created_at,
        "decided_at": row.decided_at,
    }


def _learned(drawing: Drawing) -> list[int]:
    versions = [getattr(example.run, "version", None) for example in drawing.examples.all()]
    return sorted(version.number for version in versions if version is not None)
