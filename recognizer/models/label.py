"""Labels: what people say that a drawing shows."""

import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from ml.contract import NOT_A_DIGIT
from recognizer.models.drawing import Drawing
from recognizer.models.prediction import Prediction
from recognizer.models.review_state import update_review_state
from recognizer.models.states import LabelState

_RANK: dict[str, int] = {
    LabelState.APPROVED: 0,
    LabelState.SUGGESTED: 1,
    LabelState.REFUSED: 2,
}


def rank(state: str, pk: int) -> tuple[int, int]:
    """Of several labels of a drawing the one with the lowest rank is current."""
    return _RANK[state], -pk


class LabelQuerySet(models.QuerySet["Label"]):
    def approved(self) -> Self:
        return self.filter(state=Label.State.APPROVED)

    def suggested(self) -> Self:
        return self.filter(state=Label.State.SUGGESTED)

    def current(self) -> "Label | None":
        """Of one drawing's labels the approved one, else the newest suggestion or refused one."""
        return min(self, key=lambda label: rank(label.state, label.pk), default=None)

    def corrections(self) -> Self:
        """Those, not refused, that say something else than what was read first.

        `Drawing.is_corrected` is kept by the same rule.
        """
        first = Prediction.objects.filter(drawing=OuterRef("drawing")).order_by("pk")
        read = Coalesce(NullIf(Subquery(first.values("text")[:1]), Value("")), Value(NOT_A_DIGIT))
        given = self.exclude(state=Label.State.REFUSED).filter(Exists(first))
        return given.annotate(first_read=read).exclude(value=F("first_read"))

    def suggest(
        self,
        drawing: Drawing,
        value: str,
        *,
        user: AbstractBaseUser | None,
        visitor: uuid.UUID | None,
    ) -> "Label":
        """Keep what somebody says a drawing shows; said again by the same person it is one."""
        given = {"drawing": drawing, "given_by_id": user.pk if user else None, "visitor": visitor}
        with transaction.atomic():
            # Whoever decides on this drawing just now sees all of its labels or waits.
            Drawing.objects.select_for_update().only("pk").get(pk=drawing.pk)
            newest = self.filter(**given).order_by("-pk").first()
            if newest and newest.value == value and newest.state != Label.State.REFUSED:
                return newest
            return self.create(value=value, **given)

    def update(self, **values: Any) -> int:
        drawings = list(self.order_by().values_list("drawing", flat=True).distinct())
        count = super().update(**values)
        update_review_state(drawings)
        return count

    def bulk_create(self, objs: Iterable["Label"], *args: Any, **kwargs: Any) -> list["Label"]:
        created = super().bulk_create(objs, *args, **kwargs)
        update_review_state({label.drawing_id for label in created})
        return created

    def refuse(self, by: AbstractBaseUser | None) -> int:
        """Refuse them; how many were not refused already."""
        return self.exclude(state=Label.State.REFUSED).update(
            state=Label.State.REFUSED, decided_by=by, decided_at=timezone.now()
        )


class Label(models.Model):
    """What somebody says a drawing shows. Every one is kept, with who and when.

    Only the one who gave it takes it away again, by undoing at the review desk.
    """

    State = LabelState

    drawing = models.ForeignKey(Drawing, on_delete=models.CASCADE, related_name="labels")
    value = models.CharField(max_length=16, help_text='A class, or "not a digit".')
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.SUGGESTED, db_index=True
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="labels_given",
    )
    visitor = models.UUIDField("anonymous visitor", null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="labels_decided",
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["value", "-id"], name="label_by_value"),
            models.Index(fields=["created_at"], name="label_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["drawing"],
                condition=models.Q(state="approved"),
                name="at_most_one_approved_label_a_drawing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} ({self.state})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        update_review_state([self.drawing_id])

    def approve(self, by: AbstractBaseUser | None) -> None:
        """Make this the drawing's one approved label; an earlier one becomes refused."""
        with transaction.atomic():
            # The lock makes two staff approving at once wait for each other.
            Drawing.objects.select_for_update().get(pk=self.drawing_id)
            others = Label.objects.approved().filter(drawing=self.drawing_id).exclude(pk=self.pk)
            others.refuse(by)
            self.state = self.State.APPROVED
            self.decided_by_id = by.pk if by else None
            self.decided_at = timezone.now()
            self.save(update_fields=["state", "decided_by", "decided_at"])
