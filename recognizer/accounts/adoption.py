"""Whoever drew before signing in finds those drawings under their name."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import ngettext

from recognizer.accounts.visitors import forget_visitor
from recognizer.language.formats import grouped
from recognizer.models import Drawing, Label


def adopt_at_sign_in(request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    """Give a user the drawings of their session, and say so; receives `user_logged_in`."""
    visitor = forget_visitor(request)
    count = adopt(visitor, user) if visitor else 0
    if count:
        words = ngettext(
            "%(count)s drawing of this browser is in your account now.",
            "%(count)s drawings of this browser are in your account now.",
            count,
        )
        messages.success(request, words % {"count": grouped(count)}, fail_silently=True)


def adopt(visitor: uuid.UUID, user: AbstractBaseUser) -> int:
    """Make a visitor's drawings and labels the user's; how many drawings there were."""
    labels = Label.objects.filter(visitor=visitor, drawing__visitor=visitor)
    with transaction.atomic():
        # Past LabelQuerySet.update: who gave a label does not change the review state.
        models.QuerySet.update(labels, given_by=user.pk, visitor=None)
        return Drawing.objects.filter(visitor=visitor).update(user=user.pk, visitor=None)
