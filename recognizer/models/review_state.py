"""The review state of drawings: what the review desk and the lists of drawings find by an index.

It follows from a drawing's labels, predictions and decisions. Whatever changes one of these calls
`update_review_state`, which keeps the result in columns, since no index can order a join.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db.models import Manager

from ml.contract import NOT_A_DIGIT
from recognizer.models.drawing import Drawing
from recognizer.models.states import LabelState, ReviewQueue, ReviewVerdict

SURE = 0.9
"""A prediction so sure that contradicts an approved label makes that label suspect."""

_AT_ONCE = 500
"""So many drawings are named in one query."""

_COLUMNS = (
    "review_order",
    "is_suggested",
    "is_approved",
    "is_refused",
    "is_corrected",
    "copy_waits",
)


class _Prediction(NamedTuple):
    pk: int
    served: bool
    text: str
    confidence: float
    contradicts: bool | None


class _Label(NamedTuple):
    state: str
    value: str


class _Review(NamedTuple):
    queue: str
    verdict: str
    value: str


_Row = TypeVar("_Row", _Prediction, _Label, _Review)


def update_review_state(drawings: Iterable[int]) -> None:
    """Bring the columns of drawings, named by their keys, and of their predictions up to date.

    Plain queries and Python: Django takes 4 ms to put all of it into one UPDATE.
    """
    pks = list(drawings)
    for start in range(0, len(pks), _AT_ONCE):
        _update(pks[start : start + _AT_ONCE])


def _update(drawings: list[int]) -> None:
    rows = Drawing.objects.filter(pk__in=drawings).order_by()
    before = {pk: columns for pk, *columns in rows.values_list("pk", *_COLUMNS)}
    predictions = _related(before, "predictions", _Prediction)
    labels = _related(before, "labels", _Label)
    reviews = _related(before, "reviews", _Review, undone_at=None)
    changed: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pk, columns in before.items():
        now = _columns(predictions[pk], labels[pk], reviews[pk], copy_waits=columns[-1])
        if now != tuple(columns):
            changed[now].append(pk)
    for now, pks in changed.items():
        Drawing.objects.filter(pk__in=pks).update(**dict(zip(_COLUMNS, now, strict=True)))
    _update_contradictions(predictions, labels, reviews)


def review_state_of_new(
    text: str, confidence: float, labels: Iterable[tuple[str, str]]
) -> tuple[dict[str, Any], bool | None]:
    """The review state of a drawing that is stored with its prediction and labels.

    Args:
        text: what was read; "" where it was rejected.
        labels: state and value of each.

    Returns:
        The columns of the drawing, if it is no copy, and `contradicts` of the prediction.
    """
    served = _Prediction(0, True, text, confidence, None)
    given = [_Label(*label) for label in labels]
    columns = _columns([served], given, [], copy_waits=None)
    return dict(zip(_COLUMNS, columns, strict=True)), _contradicts(served, given, [])


def _related(
    drawings: Iterable[int], relation: str, row: type[_Row], **conditions: Any
) -> defaultdict[int, list[_Row]]:
    """The rows of each drawing, by its key."""
    rows = _stored(relation).filter(drawing__in=list(drawings), **conditions).order_by()
    found: defaultdict[int, list[_Row]] = defaultdict(list)
    for drawing, *values in rows.values_list("drawing", *row._fields):
        found[drawing].append(row(*values))
    return found


def _stored(relation: str) -> Manager[Any]:
    """All rows of a model that refers to drawings; its module imports this one."""
    model: Any = Drawing._meta.get_field(relation).related_model
    manager: Manager[Any] = model._default_manager
    return manager


def _columns(
    predictions: Sequence[_Prediction],
    labels: Sequence[_Label],
    reviews: Sequence[_Review],
    *,
    copy_waits: bool | None,
) -> tuple[Any, ...]:
    """What `_COLUMNS` of a drawing hold, in this order."""
    states = {label.state for label in labels}
    served = next((one for one in predictions if one.served), None)
    disputed = _is_disputed(served.text if served else "", labels)
    is_duplicate = any(review.verdict == ReviewVerdict.DUPLICATE for review in reviews)
    is_decided = is_duplicate or LabelState.APPROVED in states
    confidence = served.confidence if served else 0.0
    looked_at = any(review.queue == ReviewQueue.DUPLICATES for review in reviews)
    return (
        None if is_decided else confidence - 2 * disputed,
        LabelState.SUGGESTED in states or None,
        LabelState.APPROVED in states or None,
        states == {LabelState.REFUSED} or None,
        _is_corrected(predictions, labels) or None,
        None if copy_waits is None else not looked_at,
    )


def _is_corrected(predictions: Sequence[_Prediction], labels: Sequence[_Label]) -> bool:
    """Whether a label that is not refused says something else than what was read first.

    `Label.objects.corrections` finds these labels by the same rule.
    """
    return bool(predictions) and _is_disputed(min(predictions).text, labels)


def _is_disputed(text: str, labels: Sequence[_Label]) -> bool:
    read = text or NOT_A_DIGIT
    return any(label.value != read for label in labels if label.state != LabelState.REFUSED)


def _update_contradictions(
    predictions: Mapping[int, list[_Prediction]],
    labels: Mapping[int, list[_Label]],
    reviews: Mapping[int, list[_Review]],
) -> None:
    changed: defaultdict[bool | None, list[int]] = defaultdict(list)
    for drawing, rows in predictions.items():
        for prediction in rows:
            now = _contradicts(prediction, labels[drawing], reviews[drawing])
            if now is not prediction.contradicts:
                changed[now].append(prediction.pk)
    for now, pks in changed.items():
        _stored("predictions").filter(pk__in=pks).update(contradicts=now)


def _contradicts(
    prediction: _Prediction, labels: Sequence[_Label], reviews: Sequence[_Review]
) -> bool | None:
    """A sure prediction contradicts the approved label, unless somebody confirmed that label."""
    approved = next((label.value for label in labels if label.state == LabelState.APPROVED), None)
    confirmed = any(
        review.queue == ReviewQueue.SUSPECTED and review.value == approved for review in reviews
    )
    otherwise = approved is not None and prediction.text not in {"", approved}
    return (otherwise and prediction.confidence >= SURE and not confirmed) or None
