"""Search among all drawings, each way by an index."""

import re
import uuid

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from ml.contract import NOT_A_DIGIT
from recognizer.models import Drawing, Label, ModelVersion, Prediction

PART_OF_AN_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")
MOST_USERS = 20
"""Of so many users whose names contain what is searched for drawings are shown."""


def search(drawings: QuerySet[Drawing], term: str) -> QuerySet[Drawing]:
    """By a label or what was read, else by the beginning of an id or part of a user name."""
    term = term.strip()
    if not term:
        return drawings
    if term in ModelVersion.objects.choices():
        return _labelled_or_read(drawings, term)
    users = User.objects.filter(username__icontains=term).order_by("pk")
    found = Q(user__in=list(users.values_list("pk", flat=True)[:MOST_USERS]))
    digits = term.lower().replace("-", "")
    if PART_OF_AN_ID.fullmatch(term.lower()) and len(digits) <= 32:
        ends = (uuid.UUID(hex=digits.ljust(32, end)) for end in "0f")
        found |= Q(public_id__range=tuple(ends))
    return drawings.filter(found)


def _labelled_or_read(drawings: QuerySet[Drawing], value: str) -> QuerySet[Drawing]:
    labels = Label.objects.filter(value=value)
    if value == NOT_A_DIGIT:
        # Few of many: to look for them from the newest on would take long.
        return drawings.filter(pk__in=labels.order_by().values("drawing"))
    read = Prediction.objects.filter(drawing=OuterRef("pk"), text=value)
    labelled = labels.filter(drawing=OuterRef("pk"))
    return drawings.filter(Exists(read) | Exists(labelled))
