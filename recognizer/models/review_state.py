"""How drawings stand: what the review desk and the list of drawings find by an index.

Worked out from labels, readings and decisions whenever one of these changes, and kept in columns,
since no index can order a join of them.
"""

from collections import defaultdict
from typing import Any

from ml.contract import NOT_A_DIGIT
from recognizer.models.drawing import Drawing, DrawingQuerySet
from recognizer.models.label import SURE, Label
from recognizer.models.prediction import Prediction
from recognizer.models.review import Review

_KEPT = ("review_order", "is_suggested", "is_approved", "is_refused", "is_corrected", "copy_waits")

_Rows = defaultdict[int, list[Any]]


def settle_standing(drawings: DrawingQuerySet) -> None:
    """Bring the columns of these up to date.

    Plain queries and Python: Django takes 4 ms to put all of it into one UPDATE.
    """
    before = {pk: kept for pk, *kept in drawings.order_by().values_list("pk", *_KEPT)}
    these = {"drawing__in": list(before)}
    read = _rows(
        Prediction.objects.filter(**these),
        *("pk", "served", "text", "confidence", "contradicts"),
    )
    labels = _rows(Label.objects.filter(**these), "state", "value")
    decided = _rows(Review.objects.filter(**these, undone_at=None), "queue", "verdict", "value")
    moved: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pk, kept in before.items():
        now = _standing(read[pk], labels[pk], decided[pk], copy_waits=kept[-1])
        if now != tuple(kept):
            moved[now].append(pk)
    for now, pks in moved.items():
        Drawing.objects.filter(pk__in=pks).update(**dict(zip(_KEPT, now, strict=True)))
    _settle_contradictions(
        [(row, labels[pk], decided[pk]) for pk, rows in read.items() for row in rows]
    )


def _rows(rows: Any, *columns: str) -> _Rows:
    found: _Rows = defaultdict(list)
    for drawing, *values in rows.order_by().values_list("drawing", *columns):
        found[drawing].append(values)
    return found


def _standing(
    read: list[Any], labels: list[Any], decided: list[Any], *, copy_waits: bool | None
) -> tuple[Any, ...]:
    _, _, text, sure, _ = next((row for row in read if row[1]), (0, True, "", 0.0, None))
    states = {state for state, _ in labels}
    disputed = any(
        value != (text or NOT_A_DIGIT) for state, value in labels if state != Label.State.REFUSED
    )
    aside = any(verdict == Review.Verdict.DUPLICATE for _, verdict, _ in decided)
    looked_at = any(queue == Review.Queue.DUPLICATES for queue, *_ in decided)
    return (
        None if aside or Label.State.APPROVED in states else sure - 2 * disputed,
        Label.State.SUGGESTED in states or None,
        Label.State.APPROVED in states or None,
        states == {Label.State.REFUSED} or None,
        disputed or None,
        None if copy_waits is None else not looked_at,
    )


def standing_of_new(
    text: str, confidence: float, labels: list[tuple[str, str]]
) -> tuple[dict[str, Any], bool | None]:
    """How a drawing stands that is stored with its answer and labels, each a state and a value.

    Returns:
        The columns of the drawing, none being known of copies, and `contradicts` of the answer.
    """
    read, given = [(0, True, text, confidence, None)], [list(label) for label in labels]
    kept = _standing(read, given, [], copy_waits=None)
    return dict(zip(_KEPT, kept, strict=True)), _contradicts(text, confidence, given, [])


def _settle_contradictions(rows: list[tuple[Any, list[Any], list[Any]]]) -> None:
    wrong: dict[bool | None, list[int]] = {True: [], None: []}
    for (pk, _, text, sure, before), labels, decided in rows:
        now = _contradicts(text, sure, labels, decided)
        if now is not before:
            wrong[now].append(pk)
    for value, pks in wrong.items():
        if pks:
            Prediction.objects.filter(pk__in=pks).update(contradicts=value)


def _contradicts(text: str, sure: float, labels: list[Any], decided: list[Any]) -> bool | None:
    """A sure reading contradicts the approved label, unless somebody has confirmed that label."""
    approved = next((value for state, value in labels if state == Label.State.APPROVED), None)
    confirmed = any(
        queue == Review.Queue.SUSPECTED and value == approved for queue, _, value in decided
    )
    contrary = approved is not None and text not in {"", approved} and sure >= SURE
    return True if contrary and not confirmed else None
