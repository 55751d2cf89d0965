"""Search all drawings: by index, or for a class by scanning a limited number of rows."""

import re
import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet

from recognizer.admin.people_filters import by_any
from recognizer.models import Drawing, Label, ModelVersion, Prediction

PART_OF_AN_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")

_OF_THIS_DRAWING = {"drawing": OuterRef("pk"), "drawing__lte": OuterRef("pk")}
"""Rows of the outer drawing. The second lookup is redundant, but stops PostgreSQL from collecting
all matching drawings when a page needs only a few."""


def names_a_class(term: str) -> bool:
    """Whether the term is a class, to be searched among labels and predictions."""
    return bool(term.strip()) and term.strip() in ModelVersion.objects.choices()


def search(drawings: QuerySet[Drawing], term: str) -> QuerySet[Drawing]:
    """Search by label or prediction, else by the beginning of an id or part of a user name."""
    term = term.strip()
    if not term:
        return drawings
    if names_a_class(term):
        return _labelled_or_predicted(drawings, term)
    found = by_any(term, "user")
    digits = term.lower().replace("-", "")
    if PART_OF_AN_ID.fullmatch(term.lower()) and len(digits) <= 32:
        ends = (uuid.UUID(hex=digits.ljust(32, end)) for end in "0f")
        found |= Q(public_id__range=tuple(ends))
    return drawings.filter(found)


def _labelled_or_predicted(drawings: QuerySet[Drawing], value: str) -> QuerySet[Drawing]:
    predicted = Prediction.objects.filter(**_OF_THIS_DRAWING, text=value)
    labelled = Label.objects.filter(**_OF_THIS_DRAWING, value=value)
    return drawings.filter(Exists(predicted) | Exists(labelled))
