from django.db import models

from recognizer.models.model_version import ModelVersion
from recognizer.models.states import VerdictOutcome


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def newest(self, candidate: ModelVersion, opponent: ModelVersion) -> "Verdict | None":
        """What the last comparison of these two came to."""
        return self.filter(candidate=candidate, opponent=opponent).first()


class Verdict(models.Model):
    """One comparison of a candidate with the version that was active then."""

    Outcome = VerdictOutcome

    candidate = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="verdicts")
    opponent = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.TextField()
    figures = models.JSONField(help_text="The rule then, and what was counted on each image set.")

    objects = VerdictQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.candidate} against {self.opponent}: {self.outcome}"

    @property
    def passed(self) -> bool:
        return self.outcome == self.Outcome.PASSED
