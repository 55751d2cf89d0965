from typing import Any

from django.conf import settings
from django.db import models


class StaffAct(models.Model):
    """One thing that somebody did as staff; never changed, and kept when their account goes."""

    class Act(models.TextChoices):
        PROMOTE = "promote", "promoted a version"
        OVERRIDE = "override", "promoted over a verdict"
        ROLL_BACK = "roll_back", "rolled back"
        JUDGE = "judge", "had a version compared"
        RETRAIN = "retrain", "asked for a retraining"
        CANCEL = "cancel", "cancelled a run"
        APPROVE = "approve", "approved labels"
        REFUSE = "refuse", "refused labels"
        LABEL = "label", "labelled a drawing"
        REVIEW = "review", "decided at the desk"
        UNDO = "undo", "undid a decision"
        DELETE = "delete", "deleted"
        FORGET = "forget", "forgot a contributor"
        EXPORT = "export", "exported drawings"
        IMPORT = "import", "imported drawings"
        UNSHARE = "unshare", "ended a link"
        TOKEN = "token", "made a token"
        REVOKE = "revoke", "revoked a token"
        ACCOUNT = "account", "changed an account or group"
        SIGN_IN = "sign_in", "signed in"

    at = models.DateTimeField("when", auto_now_add=True, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="account",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    by_name = models.CharField("who", max_length=150, help_text="The user name at the time.")
    act = models.CharField("did", max_length=10, choices=Act.choices)
    what = models.TextField(blank=True, help_text="To what, and why.")
    via = models.CharField(max_length=40, help_text="Admin, API, an API token, command line.")
    address = models.GenericIPAddressField("from", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "act of staff"
        verbose_name_plural = "acts of staff"
        indexes = [models.Index(fields=["by", "-id"], name="staff_act_by_person")]

    def __str__(self) -> str:
        return f"{self.by_name} {self.get_act_display()}: {self.what}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new one.

        Raises:
            ValueError: it is stored already.
        """
        if not self._state.adding:
            raise ValueError("What staff did is never edited.")
        super().save(*args, **kwargs)
