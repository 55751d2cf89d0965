from typing import Any

from django.conf import settings
from django.db import models

from recognizer.language.formats import label_in_words
from recognizer.models.drawing import Drawing
from recognizer.models.review_state import update_review_state
from recognizer.models.states import ReviewQueue, ReviewVerdict


class Review(models.Model):
    """One decision at the review desk, with what is needed to take it back exactly."""

    Queue = ReviewQueue
    Verdict = ReviewVerdict

    drawing = models.ForeignKey(Drawing, on_delete=models.CASCADE, related_name="reviews")
    queue = models.CharField(max_length=10, choices=Queue.choices)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    value = models.CharField(max_length=16, blank=True, help_text="The label that was given.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="who",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
    )
    created_at = models.DateTimeField("when", auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(editable=False, help_text="The drawing's labels before it.")
    after = models.JSONField(editable=False, help_text="The drawing's labels after it.")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["by", "-id"],
                condition=models.Q(undone_at__isnull=True),
                name="review_last_by_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drawing}: {self.in_words}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        update_review_state([self.drawing_id])

    @property
    def in_words(self) -> str:
        return label_in_words(self.value) if self.value else self.get_verdict_display()
