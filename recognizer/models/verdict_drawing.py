from django.db import models

from recognizer.models.drawing import Drawing
from recognizer.models.verdict import Verdict


class VerdictDrawing(models.Model):
    """A drawing that one of the two read rightly and the other did not."""

    verdict = models.ForeignKey(Verdict, on_delete=models.CASCADE, related_name="changes")
    drawing = models.ForeignKey(Drawing, on_delete=models.CASCADE, related_name="+")
    value = models.CharField(max_length=16, help_text="Its approved label then.")
    before = models.CharField(max_length=16, help_text="What the active version read.")
    after = models.CharField(max_length=16, help_text="What the candidate read.")
    newly_right = models.BooleanField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["verdict", "drawing"], name="a_drawing_once_a_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.drawing}: {self.before} -> {self.after}, is {self.value}"
