"""What a client says in headers of a drawing that it may have sent before."""

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
        description="A random UUID for this drawing. Sent again with the same one, for as long "
        "as the drawing is there, it is not stored again, and the answer is 200 with the drawing "
        "that is. Keep it to yourself: together with the drawing it opens an anonymous session.",
    ),
    OpenApiParameter(
        _ACCOUNT,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="The page's name for who was signed in at drawing; 409 if it is not they now.",
    ),
]
RESPONSES = {
    201: DrawingSerializer,
    200: OpenApiResponse(DrawingSerializer, "It was stored before, under the same key."),
    409: OpenApiResponse(description="Somebody else is signed in than the one who drew."),
    422: OpenApiResponse(description="The key was used for another drawing."),
}


class DrawnByAnotherError(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = _("Whoever drew this is not signed in now. Sign in again, then save it.")


class KeyUsedError(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = _("This Idempotency-Key was used for another drawing. Make a new one.")


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
