from datetime import datetime
from pathlib import Path
from typing import Self

from django.db import models
from django.utils.translation import gettext as _

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.models.states import VersionState


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def active(self) -> "ModelVersion | None":
        """The one that answers now."""
        return self.filter(state=ModelVersion.State.ACTIVE).first()

    def active_on(self, moment: datetime) -> "ModelVersion | None":
        """The one that answered at that moment; None before the first promotion."""
        promoted = self.filter(promotions__promoted_at__lte=moment)
        return promoted.order_by("promotions__promoted_at", "promotions__pk").last()

    def that_answered(self) -> Self:
        """Those that have been active, the newest promotion first."""
        promoted = self.annotate(answered=models.Max("promotions__promoted_at"))
        return promoted.filter(answered__isnull=False).order_by("-answered", "-pk")

    def choices(self) -> list[str]:
        """What a label may say: what the active version can read, or "not a digit"."""
        active = self.active()
        return active.choices if active else [*DIGITS, NOT_A_DIGIT]

    def next_number(self) -> int:
        newest = self.aggregate(newest=models.Max("number"))["newest"]
        return (newest or 0) + 1


def artifact_path(version: "ModelVersion", filename: str) -> str:
    return f"{version_folder(version.number)}/{Path(filename).name}"


def version_folder(number: int) -> str:
    """Where in the storage a version's files lie, and nothing else."""
    return f"models/{number:05d}"


class ModelVersion(models.Model):
    """A trained network: its files, what it reached, and whether it answers."""

    State = VersionState

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.CANDIDATE, db_index=True
    )
    architecture = models.CharField(max_length=64)
    classes = models.JSONField(help_text="What it can answer, in the order of its outputs.")
    reject_above = models.FloatField(
        default=1.0, help_text='A drawing is refused where its "not a digit" is over this.'
    )
    artifact = models.FileField(upload_to=artifact_path, max_length=255, help_text="LiteRT file.")
    sha256 = models.CharField("SHA-256 of the artifact", max_length=64)
    weights = models.FileField(
        upload_to=artifact_path, max_length=255, help_text="Where a fine-tuning starts from."
    )
    weights_sha256 = models.CharField("SHA-256 of the weights", max_length=64)
    web_model = models.FileField(
        upload_to=artifact_path,
        max_length=255,
        blank=True,
        help_text="For reading in the browser; without it the page asks the server.",
    )
    web_sha256 = models.CharField("SHA-256 for browsers", max_length=64, blank=True, default="")
    metrics = models.JSONField(default=dict, help_text="What the exported file reached.")
    run = models.OneToOneField(
        "recognizer.TrainingRun",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="version",
        help_text="Empty for the version that ships with the project.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="active"),
                name="at_most_one_active_model_version",
            ),
        ]

    def __str__(self) -> str:
        return _("Version %(number)s") % {"number": self.number}

    @property
    def symbols(self) -> list[str]:
        """What it can read; its classes but for "not a digit"."""
        return [name for name in self.classes if name != NOT_A_DIGIT]

    @property
    def choices(self) -> list[str]:
        """What a label of a drawing that it has read may say."""
        return [*self.symbols, NOT_A_DIGIT]
