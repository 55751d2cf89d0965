"""Decisions of staff about labels: one at a time, for many drawings, or at the review desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from recognizer.models import Drawing, Label, Prediction, Review, keyset

MOST_LOOKED_AT = 100
"""With more duplicates than this, `left` counts them without checking each one."""

States = dict[str, list[Any]]
"""The labels of a drawing by id: state, who decided and when."""


class ChangedMeanwhileError(Exception):
    """Somebody else has decided on the drawing since it was shown."""


@dataclass(frozen=True)
class DeskDecision:
    """A decision about one drawing, and the desk's queue it came from."""

    queue: str
    verdict: str
    value: str = ""


def settle(label: Label, by: User) -> None:
    """Approve a label and refuse the other suggestions for its drawing."""
    with transaction.atomic():
        label.approve(by)
        Label.objects.suggested().filter(drawing=label.drawing_id).refuse(by)


def label_as(drawing: Drawing, value: str, by: User) -> None:
    """Make `value` the drawing's approved label; an existing suggestion keeps its author."""
    with transaction.atomic():
        Drawing.objects.select_for_update().get(pk=drawing.pk)
        open_labels = Label.objects.filter(drawing=drawing, value=value).exclude(
            state=Label.State.REFUSED
        )
        label = open_labels.order_by("state", "-pk").first()  # approved before suggested
        if label is None:
            label = Label.objects.create(drawing=drawing, value=value, given_by=by)
        if label.state != Label.State.APPROVED:
            settle(label, by)
        else:
            Label.objects.suggested().filter(drawing=drawing).refuse(by)


def approve_suggestions(drawings: QuerySet[Drawing], by: User) -> int:
    """Approve the newest suggestion of each drawing; return how many."""
    newest = (
        Label.objects.suggested()
        .filter(drawing__in=drawings)
        .order_by()
        .values("drawing")
        .annotate(newest=Max("pk"))
    )
    labels = list(Label.objects.filter(pk__in=newest.values("newest")))
    for label in labels:
        settle(label, by)
    return len(labels)


def refuse_suggestions(drawings: QuerySet[Drawing], by: User) -> int:
    """Refuse every open suggestion; return how many."""
    return Label.objects.suggested().filter(drawing__in=drawings).refuse(by)


def approve_readings(drawings: QuerySet[Drawing], by: User) -> int:
    """Label each unlabelled drawing with its served prediction; return how many.

    Drawings that were not read are skipped.
    """
    approved = 0
    unlabelled = drawings.filter(labels=None).prefetch_related("predictions__version")
    for drawing in unlabelled:
        prediction = drawing.predictions.served()
        if prediction and prediction.text in prediction.version.symbols:
            label_as(drawing, prediction.text, by)
            approved += 1
    return approved


def next_in_queue(queue: str, cursor: str, count: int) -> list[tuple[str, int]]:
    """The next drawings of a queue, each as its cursor and primary key.

    Args:
        cursor: the cursor of the last drawing seen; "" starts at the beginning.

    Raises:
        ValueError: the cursor is not valid for this queue.
    """
    key, _, drawing = cursor.partition(":")
    rows: Any
    match queue:
        case Review.Queue.UNREVIEWED:
            rows = Drawing.objects.unreviewed().values_list("review_order", "pk")
            if cursor:
                rows = keyset.after(rows, "review_order", (float(key), _stored_int(drawing)))
        case Review.Queue.DUPLICATES:
            rows = Drawing.objects.duplicates().values_list("fingerprint", "pk")
            if cursor:
                rows = keyset.after(rows, "fingerprint", (_stored_int(key), _stored_int(drawing)))
        case _:
            rows = Prediction.objects.suspected().values_list("drawing", "drawing")
            if cursor:
                rows = rows.filter(drawing__lt=_stored_int(key))
    return [(f"{key!r}:{drawing}", drawing) for key, drawing in rows[:count]]


def _stored_int(text: str) -> int:
    """Parse a 64-bit integer, the largest that databases store.

    Raises:
        ValueError: the text is not such a number.
    """
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("No database holds so large a number.")
    return number


def left(queue: str, at_most: int) -> int:
    """The number of drawings in a queue, counted up to `at_most`.

    Over MOST_LOOKED_AT duplicates, it does not check that each one's original still exists.
    """
    rows: QuerySet[Any]
    match queue:
        case Review.Queue.UNREVIEWED:
            rows = Drawing.objects.unreviewed()
        case Review.Queue.DUPLICATES:
            rows = Drawing.objects.filter(copy_waits=True).order_by()
            if rows[: MOST_LOOKED_AT + 1].count() <= MOST_LOOKED_AT:
                rows = Drawing.objects.duplicates()
        case _:
            rows = Prediction.objects.suspected()
    return rows[:at_most].count()


def state_of(drawing: Drawing) -> str:
    """A token that changes with each decision on the drawing; reads prefetched rows."""
    approved = [label.pk for label in drawing.labels.all() if label.state == Label.State.APPROVED]
    reviews = [review.pk for review in drawing.reviews.all() if review.undone_at is None]
    return f"{max(approved, default=0)}-{max(reviews, default=0)}"


def decide(drawing_pk: int, decision: DeskDecision, *, seen: str, by: User) -> Review:
    """Apply and store a decision on a drawing whose `state_of` was `seen`.

    Idempotent: the same decision sent again by the same person has no further effect.

    Raises:
        ChangedMeanwhileError: somebody else has decided first; nothing changes.
        Drawing.DoesNotExist: the drawing has been deleted.
    """
    with transaction.atomic():
        drawing = Drawing.objects.select_for_update().get(pk=drawing_pk)
        if state_of(drawing) != seen:
            newest = drawing.reviews.filter(undone_at=None).first()
            if (
                newest is None
                or newest.by != by
                or DeskDecision(newest.queue, newest.verdict, newest.value) != decision
            ):
                raise ChangedMeanwhileError
            return newest
        before = _states(drawing)
        if decision.verdict == Review.Verdict.LABEL:
            label_as(drawing, decision.value, by)
        elif decision.verdict == Review.Verdict.DUPLICATE:
            Label.objects.filter(drawing=drawing).refuse(by)
        return Review.objects.create(
            drawing=drawing,
            queue=decision.queue,
            verdict=decision.verdict,
            value=decision.value,
            by=by,
            before=before,
            after=_states(drawing),
        )


def last_decision(by: User) -> Review | None:
    """The user's newest decision that is not undone."""
    return Review.objects.filter(by=by, undone_at=None).select_related("drawing").first()


def undo(review_pk: int, *, by: User) -> Drawing:
    """Restore a drawing's labels to their state before one of the user's own decisions.

    A label that the decision created is deleted; all others keep or regain their state.

    Raises:
        ChangedMeanwhileError: somebody has decided on the drawing since; nothing changes.
        Review.DoesNotExist: there is no such decision, or it is another user's.
    """
    drawing_pk = Review.objects.get(pk=review_pk, by=by).drawing_id
    with transaction.atomic():
        drawing = Drawing.objects.select_for_update().get(pk=drawing_pk)
        review = Review.objects.get(pk=review_pk)
        if review.undone_at is None:
            if not _is_as_left(drawing, review):
                raise ChangedMeanwhileError
            _restore(drawing, review)
            review.undone_at = timezone.now()
            review.save(update_fields=["undone_at"])
    return drawing


def _is_as_left(drawing: Drawing, review: Review) -> bool:
    now, after = _states(drawing), review.after
    approved = {pk for pk, (state, *_) in now.items() if state == Label.State.APPROVED}
    return (
        all(now.get(pk) == after[pk] for pk in after)
        and approved <= after.keys()
        and not drawing.reviews.filter(undone_at=None, pk__gt=review.pk).exists()
    )


def _restore(drawing: Drawing, review: Review) -> None:
    before: States = review.before
    made = [int(pk) for pk in review.after if pk not in before]
    Label.objects.filter(pk__in=made, drawing=drawing, given_by=review.by).delete()
    changed = [pk for pk in before if before[pk] != review.after.get(pk)]
    people = User.objects.in_bulk([before[pk][1] for pk in changed if before[pk][1]])
    # Restore the approved label last, since a drawing may have only one.
    for pk in sorted(changed, key=lambda pk: before[pk][0] == Label.State.APPROVED):
        state, decided_by, decided_at = before[pk]
        Label.objects.filter(pk=int(pk)).update(
            state=state,
            decided_by=people.get(decided_by),
            decided_at=decided_at and datetime.fromisoformat(decided_at),
        )


def _states(drawing: Drawing) -> States:
    rows = Label.objects.filter(drawing=drawing).order_by("pk")
    return {
        str(pk): [state, decided_by, decided_at and decided_at.isoformat()]
        for pk, state, decided_by, decided_at in rows.values_list(
            "pk", "state", "decided_by", "decided_at"
        )
    }
