from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from recognizer.models.drawing import Drawing

if TYPE_CHECKING:
    from recognizer.models.model_version import ModelVersion  # noqa: F401


class Prediction(models.Model):
    """What one model version read in one drawing."""

    drawing = models.ForeignKey(Drawing, on_delete=models.CASCADE, related_name="predictions")
    version = models.ForeignKey(
        "recognizer.ModelVersion", on_delete=models.PROTECT, related_name="predictions"
    )
    served = models.BooleanField(
        default=True, help_text="The answer the person got, not a later replay."
    )
    text = models.CharField(max_length=64, blank=True, db_index=True)
    confidence = models.FloatField(
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)], db_index=True
    )
    rejected = models.CharField(max_length=32, blank=True, help_text="Why nothing was read.")
    symbols = models.JSONField(help_text="Each symbol: label, confidence, probabilities, box.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
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
        if self.served and self.drawing.review_order != self.confidence:
            Drawing.objects.filter(pk=self.drawing_id).requeue()
