from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from recognizer.language.formats import grouped
from recognizer.language.stored_messages import message
from recognizer.models.drawing import Drawing
from recognizer.models.states import RunState


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def stale(self) -> Self:
        """Marked running, but without a sign of life: their worker is gone."""
        horizon = timezone.now() - timedelta(seconds=settings.RETRAIN_STALE_SECONDS)
        return self.filter(state=TrainingRun.State.RUNNING, heartbeat_at__lt=horizon)

    def unfinished(self) -> Self:
        """Waiting or under way."""
        return self.filter(state__in=TrainingRun.UNDER_WAY)

    def claim(self, pk: int, token: str) -> bool:
        """Take a queued run, in one UPDATE: of two workers only one gets True."""
        now = timezone.now()
        claimed = self.filter(pk=pk, state=TrainingRun.State.QUEUED).update(
            state=TrainingRun.State.RUNNING,
            claim_token=token,
            started_at=now,
            heartbeat_at=now,
            attempts=models.F("attempts") + 1,
            stage=message("claimed"),
            history=[],
            error="",
        )
        return claimed == 1

    def claimed_by(self, pk: int, token: str) -> Self:
        """The run, while it is running and still belongs to this claim."""
        return self.filter(pk=pk, claim_token=token, state=TrainingRun.State.RUNNING)

    def end(self, pk: int, token: str, **fields: Any) -> bool:
        """Close a run that still belongs to this claim; False if it does not."""
        closed = self.claimed_by(pk, token).update(finished_at=timezone.now(), **fields)
        return closed == 1


class TrainingRun(models.Model):
    """A retraining: asked for, under way or over. The row is the job."""

    State = RunState

    UNDER_WAY = (State.QUEUED, State.RUNNING)
    FORGOTTEN = "forgotten_drawings"
    """Under this name `parameters` count the drawings that are gone, their owner forgotten."""

    state = models.CharField(
        max_length=10, choices=State.choices, default=State.QUEUED, db_index=True
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    base_version = models.ForeignKey(
        "recognizer.ModelVersion", on_delete=models.PROTECT, related_name="fine_tunings"
    )
    parameters = models.JSONField(default=dict)
    drawings = models.ManyToManyField(Drawing, through="TrainingExample", related_name="runs")
    stage = models.CharField(max_length=64, blank=True)
    epoch = models.PositiveIntegerField(default=0)
    epochs = models.PositiveIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True)
    history = models.JSONField(default=list, help_text="One record an epoch.")
    log = models.TextField(blank=True)
    error = models.TextField(blank=True)
    claim_token = models.CharField(max_length=32, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return _("Run %(number)s") % {"number": self.pk}

    @property
    def drawings_in_words(self) -> str:
        """How many it learns from, and how many were left out and why."""
        count = grouped(self.parameters.get("drawings", 0))
        words = [_("%(count)s to train on") % {"count": count}]
        if kept := self.parameters.get("kept_for_judging"):
            words.append(_("%(count)s in the test set") % {"count": grouped(kept)})
        if over := self.parameters.get("over_contributor_share"):
            share = self.parameters["max_contributor_share"]
            words.append(
                _(
                    "%(count)s left out, because one person may contribute at most %(share)s"
                    " of a run, or 50 drawings if that is more"
                )
                % {"count": grouped(over), "share": f"{share * 100:g} %"}
            )
        return ", ".join(words)

    @property
    def is_over(self) -> bool:
        return self.state not in self.UNDER_WAY

    @property
    def forgotten_drawings(self) -> int:
        """So many drawings it was trained on are gone since a contributor was forgotten."""
        return int(self.parameters.get(self.FORGOTTEN, 0))
