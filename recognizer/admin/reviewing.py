"""What staff decide about labels: one at a time, or those of many drawings."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, QuerySet

from recognizer.models import Drawing, Label


def settle(label: Label, by: User) -> None:
    """Approve a label; what else was suggested for its drawing is refused."""
    with transaction.atomic():
        label.approve(by)
        Label.objects.suggested().filter(drawing=label.drawing_id).refuse(by)


def label_as(drawing: Drawing, value: str, by: User) -> None:
    """Make `value` the drawing's approved label; a suggestion of it keeps its author."""
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
    """Approve the newest suggestion of each drawing; how many there were."""
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
    """Refuse every suggestion that waits; how many there were."""
    return Label.objects.suggested().filter(drawing__in=drawings).refuse(by)


def approve_readings(drawings: QuerySet[Drawing], by: User) -> int:
    """Label each drawing that has no label yet with what was read in it; how many.

    A drawing in which nothing was read is left out: there is nothing to approve.
    """
    approved = 0
    unlabelled = drawings.filter(labels=None).prefetch_related("predictions__version")
    for drawing in unlabelled:
        prediction = drawing.served_prediction
        if prediction and prediction.text in prediction.version.symbols:
            label_as(drawing, prediction.text, by)
            approved += 1
    return approved
