"""Drawings: what people drew, whose it is, and what has been said of it."""

import base64
import hashlib
import io
import uuid
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image

from ml.contract import IMAGE_SIZE, Drawn, Picture
from ml.drawing.strokes import unpack_ink
from recognizer.models.held_out import HeldOutField
from recognizer.models.packed import BitmapField

TITLE_LENGTH = 80

LABEL_FLAGS = ("is_suggested", "is_approved", "is_refused", "is_corrected")


class DrawingQuerySet(models.QuerySet["Drawing"]):
    def owned_by(self, user: AbstractBaseUser | None, visitor: uuid.UUID | None) -> Self:
        """What belongs to a user or, where there is none, to an anonymous visitor."""
        if user:
            return self.filter(user=user.pk)
        return self.filter(visitor=visitor) if visitor else self.none()

    def for_history(self) -> Self:
        """With readings, labels and the link, in a constant number of queries."""
        return self.select_related("share").prefetch_related("predictions__version", "labels")

    def read_as(self, text: str) -> Self:
        """Those whose answer was that; "" for those that were not read."""
        return self.filter(predictions__served=True, predictions__text=text)

    def corrected(self) -> Self:
        """Those with a label, not refused, that says something else than was read first."""
        return self.filter(is_corrected=True)

    def not_corrected(self) -> Self:
        return self.filter(is_corrected=None)

    def approved(self) -> Self:
        """Those with a label that staff approved."""
        return self.filter(labels__state="approved")

    def unreviewed(self) -> Self:
        """What nobody has decided on: the disputed first, then the least sure.

        One walk along the partial index `drawing_to_review`, which holds only these: a
        millisecond among a million drawings.
        """
        return self.filter(review_order__isnull=False).order_by("review_order", "pk")

    def duplicates(self) -> Self:
        """Drawings with the fingerprint of an older one, a group after the other.

        Walks a partial index that holds only copies nobody has decided on.
        """
        # The older one may have been deleted since.
        older = Drawing.objects.filter(fingerprint=OuterRef("fingerprint"), pk__lt=OuterRef("pk"))
        return self.filter(Exists(older), copy_waits=True).order_by("fingerprint", "pk")

    def bulk_create(self, objs: Iterable["Drawing"], *args: Any, **kwargs: Any) -> list["Drawing"]:
        drawings = list(objs)
        for start in range(0, len(drawings), 500):
            self._notice_copies(drawings[start : start + 500])
        return super().bulk_create(drawings, *args, **kwargs)

    def _notice_copies(self, drawings: list["Drawing"]) -> None:
        numbers = [fingerprint(bytes(drawing.bitmap)) for drawing in drawings]
        # However many copies of one there are, one is enough.
        one = len(drawings) == 1
        known = _stored_as(numbers[0]) if one else self.fingerprints_among(set(numbers))
        for drawing, number in zip(drawings, numbers, strict=True):
            drawing.copy_waits = True if number in known else None
            known.add(number)

    def fingerprints_among(self, numbers: set[int]) -> set[int]:
        """Those that a stored drawing has."""
        same = self.model.objects.order_by().filter(fingerprint__in=numbers)
        return set(same.values_list("fingerprint", flat=True).distinct())


# Written out, since every save of a drawing asks it: with the ORM the request takes a tenth longer.
_ONE_COPY = "SELECT 1 FROM recognizer_drawing WHERE fingerprint = %s LIMIT 1"


def _stored_as(number: int) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ONE_COPY, [number])
        return {number} if cursor.fetchone() else set()


def fingerprint(bitmap: bytes) -> int:
    """A number that bitmaps share whose pixels are ink and paper alike.

    Position and size are gone from a bitmap already, so a copy that was moved or scaled has it
    too, and two of three copies shaken by a tenth of a pixel. Of MNIST's 60,000 digits 28 share
    theirs with another, all of them ones. Coarser hashes (8x8 averages, 14x14) find more of the
    shaken copies and take every tenth one for a copy.
    """
    pixels = np.frombuffer(bitmap, np.uint8) > 127
    digest = hashlib.blake2b(np.packbits(pixels).tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class FingerprintField(models.BigIntegerField):  # type: ignore[type-arg]
    """Fills itself from the bitmap, in `bulk_create` too."""

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        assert isinstance(model_instance, Drawing)
        number = fingerprint(bytes(model_instance.bitmap))
        model_instance.fingerprint = number
        return number

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BigIntegerField", args, kwargs


class Drawing(models.Model):
    """What a person drew or sent. Never edited after it was made, but for its title."""

    class Source(models.TextChoices):
        CANVAS = "canvas", gettext_lazy("canvas")
        IMAGE = "image", gettext_lazy("picture")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="drawings",
        db_index=False,  # drawing_by_user begins with it
    )
    visitor = models.UUIDField("anonymous visitor", null=True, blank=True, editable=False)
    source = models.CharField(max_length=10, choices=Source.choices)
    width = models.PositiveIntegerField(help_text="Canvas or picture, in pixels.")
    height = models.PositiveIntegerField(help_text="Canvas or picture, in pixels.")
    ink = models.BinaryField(null=True, help_text="Packed strokes (ml.drawing.strokes.pack_ink).")
    picture = models.BinaryField(null=True, help_text="Greyscale PNG, light ink on dark paper.")
    bitmap = BitmapField(help_text="The 28x28 bytes that the model saw, row by row.")
    title = models.CharField(
        max_length=TITLE_LENGTH, blank=True, default="", help_text="The name its owner gave it."
    )
    held_out = HeldOutField(
        "kept for judging",
        default=False,
        editable=False,
        help_text="In the drawn test set: never trained on.",
    )
    fingerprint = FingerprintField(editable=False)
    # Kept by `update_review_state`: a join of labels and readings could not be ordered by an index.
    review_order = models.FloatField(
        null=True,
        default=0.0,
        editable=False,
        help_text="Confidence, less 2 where disputed; empty once decided.",
    )
    # So are these: true or empty, each with an index that holds only where it is true.
    is_suggested = models.BooleanField(null=True, editable=False, help_text="A label waits.")
    is_approved = models.BooleanField(null=True, editable=False)
    is_refused = models.BooleanField(null=True, editable=False, help_text="All labels are.")
    is_corrected = models.BooleanField(
        null=True,
        editable=False,
        help_text="A label that is not refused differs from what was read.",
    )
    copy_waits = models.BooleanField(
        null=True,
        editable=False,
        help_text="Of an older drawing; false once somebody decided, empty for what is no copy.",
    )

    save_key = models.UUIDField(
        null=True, editable=False, help_text="The Idempotency-Key that it was sent with."
    )

    objects = DrawingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            *(
                models.Index(
                    fields=[owner, "-created_at"],
                    condition=Q(**{f"{owner}__isnull": False}),
                    name=f"drawing_by_{owner}",
                )
                for owner in ("user", "visitor")
            ),
            models.Index(fields=["fingerprint", "id"], name="drawing_by_fingerprint"),
            models.Index(
                fields=["review_order", "id"],
                condition=Q(review_order__isnull=False),
                name="drawing_to_review",
            ),
            models.Index(
                fields=["fingerprint", "id"],
                condition=Q(copy_waits=True),
                name="drawing_copy_to_review",
            ),
            *(
                models.Index(
                    fields=["-created_at", "-id"],
                    condition=Q(**{flag: True}),
                    name=f"drawing_{flag}",
                )
                for flag in LABEL_FLAGS
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["save_key"],
                condition=Q(save_key__isnull=False),
                name="drawing_is_saved_once",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(visitor__isnull=False),
                name="drawing_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(source="canvas", ink__isnull=False, picture__isnull=True)
                | Q(source="image", ink__isnull=True, picture__isnull=False),
                name="drawing_is_strokes_or_a_picture",
            ),
        ]

    def __str__(self) -> str:
        return _("Drawing %(id)s") % {"id": self.public_id.hex[:8]}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new drawing.

        Raises:
            ValueError: the drawing is stored already.
        """
        if not self._state.adding:
            raise ValueError("A drawing is never edited.")
        Drawing.objects.all()._notice_copies([self])
        super().save(*args, **kwargs)

    def drawn(self) -> Drawn:
        """The strokes or picture, as `ml` reads them."""
        if self.ink is not None:
            return unpack_ink(bytes(self.ink))
        assert self.picture is not None  # the database refuses a drawing with neither
        return Picture(np.asarray(Image.open(io.BytesIO(bytes(self.picture)))))

    def rename(self, title: str) -> None:
        self.title = title
        Drawing.objects.filter(pk=self.pk).update(title=title)

    @property
    def is_shared(self) -> bool:
        """Whether there is a link to it; a drawing is private at first."""
        return hasattr(self, "share")

    @property
    def thumbnail_data_url(self) -> str:
        """What the model saw, as a PNG data URL."""
        return bitmap_data_url(bytes(self.bitmap))


def bitmap_png(bitmap: bytes) -> bytes:
    """A 28x28 greyscale PNG from 784 bytes, row by row."""
    png = io.BytesIO()
    Image.frombytes("L", (IMAGE_SIZE, IMAGE_SIZE), bitmap).save(png, "PNG", compress_level=1)
    return png.getvalue()


def bitmap_data_url(bitmap: bytes) -> str:
    """A 28x28 greyscale PNG data URL from 784 bytes."""
    return "data:image/png;base64," + base64.b64encode(bitmap_png(bitmap)).decode()
