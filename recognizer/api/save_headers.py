"""Request headers for saving a drawing: an idempotency key, and the account that drew it."""

import uuid

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request

from recognizer.accounts.pseudonyms import account_of
from recognizer.api.serializers import DrawingSerializer

_KEY, _ACCOUNT = "Idempotency-Key", "Drawn-By"
_MOST_CHARACTERS = 40

PARAMETERS = [
    OpenApiParameter(
        _KEY,
        OpenApiTypes.UUID,
        OpenApiParameter.HEADER,
        description="A random UUID for this drawing. If you send the drawing again with the "
        "same key, it is not stored twice: the response is 200 with the stored drawing. Keep the "
        "key secret: together with the drawing it opens an anonymous session.",
    ),
    OpenApiParameter(
        _ACCOUNT,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="Used by the drawing page: who was signed in when this was drawn. The "
        "response is 409 if that account is not signed in any more.",
    ),
]
RESPONSES = {
    201: DrawingSerializer,
    200: OpenApiResponse(DrawingSerializer, "It was stored earlier, with the same key."),
    409: OpenApiResponse(description="The account that drew this is not signed in."),
    422: OpenApiResponse(description="The key was used for another drawing."),
}


class DrawnByAnotherError(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = _("The account that drew this is not signed in. Sign in again, then save it.")


class KeyUsedError(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = _("This Idempotency-Key was used for another drawing. Use a new one.")


def key_of(request: Request) -> uuid.UUID | None:
    """The key it was sent with; None without one.

    Raises:
        ValidationError: it is no UUID.
    """
    text = request.headers.get(_KEY)
    if text is None:
        return None
    try:
        if len(text) > _MOST_CHARACTERS:
            raise ValueError
        return uuid.UUID(text.strip('"'))  # the draft standard has it in quotes
    except ValueError:
        raise ValidationError({_KEY: _("Expected a UUID.")}) from None


def refuse_another(request: Request) -> None:
    """Let nobody else store what somebody drew while signed in.

    Raises:
        DrawnByAnotherError: the drawing names an account, and it is not the one signed in.
    """
    account = request.headers.get(_ACCOUNT)
    if account and account != account_of(request.user):
        raise DrawnByAnotherError
