from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy


class StaffAct(models.Model):
    """One thing that somebody did as staff; never changed, and kept when their account goes."""

    class Act(models.TextChoices):
        PROMOTE = "promote", gettext_lazy("promoted a version")
        OVERRIDE = "override", gettext_lazy("promoted over a verdict")
        ROLL_BACK = "roll_back", gettext_lazy("rolled back")
        JUDGE = "judge", gettext_lazy("had a version compared")
        RETRAIN = "retrain", gettext_lazy("asked for a retraining")
        CANCEL = "cancel", gettext_lazy("cancelled a run")
        APPROVE = "approve", gettext_lazy("approved labels")
        REFUSE = "refuse", gettext_lazy("refused labels")
        LABEL = "label", gettext_lazy("labelled a drawing")
        REVIEW = "review", gettext_lazy("decided at the desk")
        UNDO = "undo", gettext_lazy("undid a decision")
        DELETE = "delete", gettext_lazy("deleted")
        FORGET = "forget", gettext_lazy("forgot a contributor")
        EXPORT = "export", gettext_lazy("exported drawings")
        IMPORT = "import", gettext_lazy("imported drawings")
        UNSHARE = "unshare", gettext_lazy("ended a link")
        TOKEN = "token", gettext_lazy("made a token")
        REVOKE = "revoke", gettext_lazy("revoked a token")
        ACCOUNT = "account", gettext_lazy("changed an account or group")
        SIGN_IN = "sign_in", gettext_lazy("signed in")

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
