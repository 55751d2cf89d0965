from django.db import models

from recognizer.models.drawing import Drawing
from recognizer.models.training_run import TrainingRun


class TrainingExample(models.Model):
    """A drawing in a run's frozen list, with the label it had then."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="examples")
    drawing = models.ForeignKey(Drawing, on_delete=models.CASCADE, related_name="examples")
    value = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "drawing"], name="a_drawing_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.drawing} as {self.value}"
