"""The app's configuration and its signal handlers."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils.translation import gettext_lazy


class RecognizerConfig(AppConfig):
    """Drawings, their predictions, and training on both."""

    name = "recognizer"
    verbose_name = gettext_lazy("Handwriting")

    def ready(self) -> None:
        from recognizer.accounts.adoption import adopt_at_sign_in

        user_logged_in.connect(adopt_at_sign_in, dispatch_uid="keep drawings")
        user_logged_in.connect(_note_staff, dispatch_uid="note staff")


def _note_staff(request: HttpRequest, user: Any, **_: Any) -> None:
    """Record staff sign-ins in the audit log, with their time and address."""
    from recognizer.models import StaffAct
    from recognizer.monitoring import audit

    if user.is_staff:
        audit.note(request, StaffAct.Act.SIGN_IN, "", by=user)
