"""Search among all drawings: by an index, or for a class looking at so many at a time."""

import re
import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet

from recognizer.admin.people_filters import by_any
from recognizer.models import Drawing, Label, ModelVersion, Prediction

PART_OF_AN_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")

_OF_THIS = {"drawing": OuterRef("pk"), "drawing__lte": OuterRef("pk")}
"""Of the drawing that is looked at. The second adds nothing, but keeps PostgreSQL from gathering
all drawings of which something is so before it looks at the few that are asked for."""


def names_a_class(term: str) -> bool:
    """Whether drawings are meant that were labelled or read so."""
    return bool(term.strip()) and term.strip() in ModelVersion.objects.choices()


def search(drawings: QuerySet[Drawing], term: str) -> QuerySet[Drawing]:
    """By a label or what was read, else by the beginning of an id or part of a user name."""
    term = term.strip()
    if not term:
        return drawings
    if names_a_class(term):
        return _labelled_or_read(drawings, term)
    found = by_any(term, "user")
    digits = term.lower().replace("-", "")
    if PART_OF_AN_ID.fullmatch(term.lower()) and len(digits) <= 32:
        ends = (uuid.UUID(hex=digits.ljust(32, end)) for end in "0f")
        found |= Q(public_id__range=tuple(ends))
    return drawings.filter(found)


def _labelled_or_read(drawings: QuerySet[Drawing], value: str) -> QuerySet[Drawing]:
    read = Prediction.objects.filter(**_OF_THIS, text=value)
    labelled = Label.objects.filter(**_OF_THIS, value=value)
    return drawings.filter(Exists(read) | Exists(labelled))
