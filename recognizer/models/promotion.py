from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from recognizer.models.model_version import ModelVersion


class Promotion(models.Model):
    """One change of the active version: together, which version answered when."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    replaced = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    promoted_at = models.DateTimeField(auto_now_add=True, db_index=True)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    rollback = models.BooleanField(default=False)
    override = models.BooleanField(
        default=False, help_text="Promoted without a passed verdict, for the reason given."
    )
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-promoted_at", "-pk"]

    def __str__(self) -> str:
        verb = _("rolled back to") if self.rollback else _("promoted")
        return f"{self.promoted_at:%Y-%m-%d %H:%M}: {verb} {self.version}"
