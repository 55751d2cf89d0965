"""Share links: under which address anybody sees one drawing."""

import secrets
from typing import Self

from django.db import models

from recognizer.models.drawing import Drawing

_TOKEN_BYTES = 18


def new_token() -> str:
    """144 random bits: nobody finds a shared drawing by trying."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


class ShareQuerySet(models.QuerySet["Share"]):
    def for_showing(self) -> Self:
        """With the drawing and what was read in it, in two queries."""
        return self.select_related("drawing").prefetch_related("drawing__predictions__version")


class Share(models.Model):
    """The link under which anybody sees one drawing; the link is dead once the row is gone.

    Shared again, a drawing gets another link.
    """

    drawing = models.OneToOneField(Drawing, on_delete=models.CASCADE, related_name="share")
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ShareQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Link to {self.drawing}"
