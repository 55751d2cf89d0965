import base64
import io
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.http import HttpRequest
from PIL import Image

from ml.contract import IMAGE_SIZE, Drawn, Picture
from ml.strokes import unpack_ink
from recognizer.models.held_out import HeldOutField

if TYPE_CHECKING:
    from recognizer.models.label import Label
    from recognizer.models.prediction import Prediction

VISITOR_SESSION_KEY = "visitor"

LABEL_RANK = {"approved": 0, "suggested": 1, "refused": 2}
"""Of several labels the one with the lowest rank counts, and of these the newest."""


class DrawingQuerySet(models.QuerySet["Drawing"]):
    def visible_to(self, request: HttpRequest) -> "DrawingQuerySet":
        """What this person may see: staff everything, others their own."""
        if request.user.is_authenticated and request.user.is_staff:
            return self
        return self.owned_by(request)

    def owned_by(self, request: HttpRequest) -> "DrawingQuerySet":
        """This person's own: a user's, or those of an anonymous session."""
        if request.user.is_authenticated:
            return self.filter(user=request.user)
        visitor = request.session.get(VISITOR_SESSION_KEY)
        return self.filter(visitor=visitor) if visitor else self.none()

    def adopt(self, visitor: str, user: AbstractBaseUser) -> int:
        """Give what an anonymous visitor drew to the user they turned out to be."""
        return self.filter(visitor=visitor).update(user=user.pk, visitor=None)

    def for_history(self) -> "DrawingQuerySet":
        """With readings and labels, in a constant number of queries."""
        return self.prefetch_related("predictions__version", "labels")

    def approved(self) -> "DrawingQuerySet":
        """Those with a label that staff approved."""
        return self.filter(labels__state="approved")


class Drawing(models.Model):
    """What a person drew or sent. Never edited after it was made."""

    class Source(models.TextChoices):
        CANVAS = "canvas", "canvas"
        IMAGE = "image", "picture"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="drawings",
    )
    visitor = models.UUIDField(
        "anonymous visitor", null=True, blank=True, db_index=True, editable=False
    )
    source = models.CharField(max_length=10, choices=Source.choices)
    width = models.PositiveIntegerField(help_text="Canvas or picture, in pixels.")
    height = models.PositiveIntegerField(help_text="Canvas or picture, in pixels.")
    ink = models.BinaryField(null=True, help_text="Packed strokes (ml.strokes.pack_ink).")
    picture = models.BinaryField(null=True, help_text="Greyscale PNG, light ink on dark paper.")
    bitmap = models.BinaryField(help_text="The 28x28 bytes that the model saw, row by row.")
    held_out = HeldOutField(
        "kept for judging",
        default=False,
        db_index=True,
        editable=False,
        help_text="In the drawn test set: never trained on.",
    )

    objects = DrawingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="drawing_by_user"),
            models.Index(fields=["visitor", "-created_at"], name="drawing_by_visitor"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(visitor__isnull=False),
                name="drawing_has_an_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(source="canvas", ink__isnull=False, picture__isnull=True)
                | models.Q(source="image", ink__isnull=True, picture__isnull=False),
                name="drawing_is_strokes_or_a_picture",
            ),
        ]

    def __str__(self) -> str:
        return f"Drawing {self.public_id.hex[:8]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new drawing.

        Raises:
            ValueError: the drawing is stored already.
        """
        if not self._state.adding:
            raise ValueError("A drawing is never edited.")
        super().save(*args, **kwargs)

    def drawn(self) -> Drawn:
        """The strokes or picture, as `ml` reads them."""
        if self.ink is not None:
            return unpack_ink(bytes(self.ink))
        assert self.picture is not None  # the database refuses a drawing with neither
        return Picture(np.asarray(Image.open(io.BytesIO(bytes(self.picture)))))

    def suggest_label(
        self, value: str, *, user: AbstractBaseUser | None, visitor: uuid.UUID | None
    ) -> "Label":
        """Keep what somebody says this shows; the same said again by the same person is one."""
        given = {"given_by_id": user.pk if user else None, "visitor": visitor}
        newest = self.labels.filter(**given).order_by("-pk").first()
        if newest is not None and newest.value == value and newest.state != "refused":
            return newest
        return self.labels.create(value=value, **given)

    @property
    def served_prediction(self) -> "Prediction | None":
        """The answer the person got; reads prefetched rows where there are any."""
        return next((row for row in self.predictions.all() if row.served), None)

    @property
    def current_label(self) -> "Label | None":
        """The approved label, else the newest suggestion, else the newest refused one."""
        return min(
            self.labels.all(),
            key=lambda label: (LABEL_RANK[label.state], -label.pk),
            default=None,
        )

    @property
    def thumbnail_data_url(self) -> str:
        """What the model saw, as a PNG data URL."""
        return bitmap_data_url(bytes(self.bitmap))


def bitmap_data_url(bitmap: bytes) -> str:
    """A 28x28 greyscale PNG data URL from 784 bytes."""
    image = Image.frombytes("L", (IMAGE_SIZE, IMAGE_SIZE), bitmap)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
