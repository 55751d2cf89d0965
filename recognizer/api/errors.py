"""What an exception becomes for a client."""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import UnreadablePostError
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from recognizer.backing.outages import COME_BACK
from recognizer.registry.active_model import NoActiveModelError

logger = logging.getLogger(__name__)

_DOWN = {
    NoActiveModelError: _(
        "No model is available now. The log says why, and staff can promote a version."
    ),
    OperationalError: _("The database cannot be reached; please try again in a moment."),
    InterfaceError: _("The database cannot be reached; please try again in a moment."),
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's own answers, and 503, 413 or 400 where Django would answer 500."""
    response = exception_handler(error, context)
    if response is not None:
        return response
    for kind, detail in _DOWN.items():
        if isinstance(error, kind):
            logger.error("%s: %s", type(error).__name__, error)
            return Response(
                {"detail": detail}, status.HTTP_503_SERVICE_UNAVAILABLE, headers=COME_BACK
            )
    if isinstance(error, RequestDataTooBig):
        return Response(
            {"detail": _("The body is too large.")}, status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
        )
    if isinstance(error, (TooManyFieldsSent, TooManyFilesSent, UnreadablePostError)):
        return Response({"detail": _("The body could not be read.")}, status.HTTP_400_BAD_REQUEST)
    return None
