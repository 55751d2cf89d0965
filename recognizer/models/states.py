"""The states that rows of the models can be in; each model names its own, as `Label.State`."""

from django.db import models
from django.utils.translation import gettext_lazy


class LabelState(models.TextChoices):
    SUGGESTED = "suggested", gettext_lazy("suggested")
    APPROVED = "approved", gettext_lazy("approved")
    REFUSED = "refused", gettext_lazy("refused")


class ReviewQueue(models.TextChoices):
    UNREVIEWED = "unreviewed", gettext_lazy("unreviewed")
    SUSPECTED = "suspected", gettext_lazy("suspected wrong")
    DUPLICATES = "duplicates", gettext_lazy("near-duplicates")


class ReviewVerdict(models.TextChoices):
    LABEL = "label", gettext_lazy("labelled")
    DUPLICATE = "duplicate", gettext_lazy("a duplicate")
    KEEP = "keep", gettext_lazy("no duplicate, kept")


class RunState(models.TextChoices):
    QUEUED = "queued", gettext_lazy("queued")
    RUNNING = "running", gettext_lazy("running")
    SUCCEEDED = "succeeded", gettext_lazy("succeeded")
    FAILED = "failed", gettext_lazy("failed")
    CANCELLED = "cancelled", gettext_lazy("cancelled")


class VersionState(models.TextChoices):
    CANDIDATE = "candidate", gettext_lazy("candidate")
    ACTIVE = "active", gettext_lazy("active")
    RETIRED = "retired", gettext_lazy("retired")
    REFUSED = "refused", gettext_lazy("refused")


class VerdictOutcome(models.TextChoices):
    PASSED = "passed", gettext_lazy("passed")
    REFUSED = "refused", gettext_lazy("refused")
