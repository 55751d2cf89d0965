"""Drawings as JSON for the review desk's page."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Min, Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from ml.contract import Ink
from recognizer.admin.thumbnails import giver, picture_data_url, reading
from recognizer.drawings import review
from recognizer.language.formats import label_in_words
from recognizer.models import Drawing, Label, ModelVersion, Prediction, Review

Item = dict[str, Any]


def items(queue: str, drawings: list[tuple[str, int]]) -> list[Item]:
    """The drawings with these cursors and primary keys, in a constant number of queries."""
    found = _with_all().in_bulk([pk for _, pk in drawings])
    active = ModelVersion.objects.active()
    twins = _twins(found.values()) if queue == Review.Queue.DUPLICATES else {}
    return [
        {**item(found[pk], active), "place": cursor, "twin": twins.get(found[pk].fingerprint)}
        for cursor, pk in drawings
        if pk in found  # it may have been deleted between the two queries
    ]


def fresh_item(pk: int) -> Item:
    """One drawing as it is now.

    Raises:
        Drawing.DoesNotExist: it has been deleted.
    """
    return item(_with_all().get(pk=pk), ModelVersion.objects.active())


def _with_all() -> QuerySet[Drawing]:
    return Drawing.objects.prefetch_related(
        "predictions__version",
        Prefetch("labels", Label.objects.select_related("given_by", "decided_by")),
        Prefetch("reviews", Review.objects.filter(undone_at=None).select_related("by")),
    )


def item(drawing: Drawing, active: ModelVersion | None) -> Item:
    prediction = _prediction(drawing, active)
    labels = list(drawing.labels.all())
    approved = next((label for label in labels if label.state == Label.State.APPROVED), None)
    return {
        "id": drawing.pk,
        "name": str(drawing),
        "url": reverse("admin:recognizer_drawing_change", args=[drawing.pk]),
        "drawnAt": drawing.created_at.isoformat(),
        "state": review.state_of(drawing),
        "disputed": drawing.review_order is not None and drawing.review_order < 0,
        **_as_drawn(drawing),
        "seen": drawing.thumbnail_data_url,
        "read": prediction and {"text": prediction.text, "words": reading(prediction)},
        "version": prediction and prediction.version.number,
        "bars": prediction.symbols[0]["probabilities"] if prediction else {},
        "suggestions": [
            {"value": label.value, "by": giver(label)}
            for label in labels
            if label.state == Label.State.SUGGESTED
        ],
        "approved": approved and {"value": approved.value, "by": _decider(approved)},
        "decided": _decided(drawing),
    }


def _prediction(drawing: Drawing, active: ModelVersion | None) -> Prediction | None:
    """The active version's prediction, else the served one."""
    rows = drawing.predictions.all()
    by_active = (row for row in rows if active and row.version_id == active.pk)
    return next(by_active, drawing.predictions.served())


def _as_drawn(drawing: Drawing) -> Item:
    drawn = drawing.drawn()
    size = {"width": drawing.width, "height": drawing.height}
    if isinstance(drawn, Ink):
        return {**size, "strokes": [stroke.tolist() for stroke in drawn.strokes]}
    return {**size, "picture": picture_data_url(drawing)}


def _decider(label: Label) -> str:
    return label.decided_by.get_username() if label.decided_by else _("somebody")


def _decided(drawing: Drawing) -> Item | None:
    """The newest desk decision that was not undone."""
    newest = next(iter(drawing.reviews.all()), None)
    if newest is None:
        return None
    by = newest.by.get_username() if newest.by else _("somebody")
    return {"words": newest.in_words, "by": by}


def _twins(drawings: Iterable[Drawing]) -> dict[int, Item]:
    """For each fingerprint, the oldest drawing that has it."""
    groups = Drawing.objects.filter(fingerprint__in={row.fingerprint for row in drawings})
    oldest = groups.order_by().values("fingerprint").annotate(pk_of_oldest=Min("pk"))
    rows = Drawing.objects.filter(pk__in=[row["pk_of_oldest"] for row in oldest])
    return {row.fingerprint: _twin(row) for row in rows.prefetch_related("labels")}


def _twin(drawing: Drawing) -> Item:
    label = drawing.labels.current()
    return {
        "name": str(drawing),
        "url": reverse("admin:recognizer_drawing_change", args=[drawing.pk]),
        "drawnAt": drawing.created_at.isoformat(),
        "label": label and f"{label_in_words(label.value)} ({label.get_state_display()})",
        **_as_drawn(drawing),
    }


def who_was_faster(now: Item) -> str:
    """Describe what happened to a drawing in the meantime."""
    standing = now["decided"] or now["approved"]
    if standing is None:
        return _("%(drawing)s has changed in the meantime.") % {"drawing": now["name"]}
    words = standing.get("words") or label_in_words(standing["value"])
    return _("%(person)s has decided on %(drawing)s in the meantime: %(words)s.") % {
        "person": standing["by"],
        "drawing": now["name"],
        "words": words,
    }


def last_in_words(decision: Review | None) -> Item | None:
    """What the page shows beside its Undo button."""
    if decision is None:
        return None
    return {
        "id": decision.pk,
        "drawing": decision.drawing_id,
        "name": str(decision.drawing),
        "words": decision.in_words,
        "at": decision.created_at.isoformat(),
    }
