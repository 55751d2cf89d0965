from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from recognizer.language.formats import grouped

if TYPE_CHECKING:  # models cannot be imported before the apps are ready
    from django.contrib.auth.models import AbstractBaseUser


class RecognizerConfig(AppConfig):
    """Drawings, what was read in them, and learning from both."""

    name = "recognizer"
    verbose_name = gettext_lazy("Handwriting")

    def ready(self) -> None:
        user_logged_in.connect(_keep_drawings, dispatch_uid="keep drawings")
        user_logged_in.connect(_note_staff, dispatch_uid="note staff")


def _keep_drawings(request: HttpRequest, user: "AbstractBaseUser", **_: Any) -> None:
    """Somebody who drew before logging in finds those drawings under their name."""
    from recognizer.models import Drawing
    from recognizer.models.drawing import VISITOR_SESSION_KEY

    visitor = request.session.pop(VISITOR_SESSION_KEY, None)
    count = Drawing.objects.all().adopt(visitor, user) if visitor else 0
    if count:
        words = ngettext(
            "%(count)s drawing of this browser is in your account now.",
            "%(count)s drawings of this browser are in your account now.",
            count,
        )
        messages.success(request, words % {"count": grouped(count)}, fail_silently=True)


def _note_staff(request: HttpRequest, user: Any, **_: Any) -> None:
    """The audit trail says since when and from where somebody may have acted as staff."""
    from recognizer.models import StaffAct
    from recognizer.monitoring import audit

    if user.is_staff:
        audit.note(request, StaffAct.Act.SIGN_IN, "", by=user)
