"""Predictions: what a version read in a drawing."""

from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Subquery

from recognizer.models.drawing import Drawing
from recognizer.models.model_version import ModelVersion
from recognizer.models.packed import SymbolsField
from recognizer.models.review_state import update_review_state


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def served(self) -> "Prediction | None":
        """Of one drawing's predictions the one that its owner got as the answer."""
        return next((row for row in self if row.served), None)

    def suspected(self) -> Self:
        """Where the active version contradicts an approved label, the newest drawing first.

        Walks a partial index that holds only contradictions, which it would not by "-drawing":
        to Django that means the order of drawings.
        """
        active = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).values("pk")[:1]
        return self.filter(version=Subquery(active), contradicts=True).order_by("-drawing_id")


class Prediction(models.Model):
    """What one model version read in one drawing."""

    drawing = models.ForeignKey(Drawing, on_delete=models.CASCADE, related_name="predictions")
    version = models.ForeignKey(
        "recognizer.ModelVersion",
        on_delete=models.PROTECT,
        related_name="predictions",
        db_index=False,  # prediction_by_version begins with it
    )
    served = models.BooleanField(
        default=True, help_text="The answer the person got, not a later replay."
    )
    text = models.CharField(max_length=64, blank=True)
    confidence = models.FloatField(validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    rejected = models.CharField(max_length=32, blank=True, help_text="Why nothing was read.")
    symbols = SymbolsField(help_text="Each symbol: label, confidence, probabilities, box.")
    contradicts = models.BooleanField(
        null=True, editable=False, help_text="Sure of something else than the approved label."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["version", "id"], name="prediction_by_version"),
            models.Index(
                fields=["version", "-drawing"],
                condition=models.Q(contradicts=True),
                name="prediction_contradicts",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["drawing"],
                condition=models.Q(served=True),
                name="one_served_prediction_a_drawing",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__gte=0.0, confidence__lte=1.0),
                name="confidence_is_a_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text or self.rejected} ({self.confidence:.1%})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        # A drawing that is stored together with its answer stands right already.
        if not self.served or self.drawing.review_order != self.confidence:
            update_review_state([self.drawing_id])
