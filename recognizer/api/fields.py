"""Fields for what a client draws: strokes and pictures."""

import base64
import binascii
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "array",
            "items": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": 2,
                "maxItems": 3,
            },
        },
        "description": "Each stroke is a list of [x, y] or [x, y, t] points. x and y are pixels "
        "from the canvas's top left corner; t is in milliseconds.",
    }
)
class StrokesField(serializers.Field[Any, Any, Any, Any]):
    """Passes raw strokes on; `ml.drawing.strokes.parse_strokes` checks them and their points."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.STR)
class PictureField(serializers.Field[Any, Any, Any, Any]):
    """A PNG or JPEG, as a base64 data URL or an uploaded file; gives its bytes."""

    default_error_messages = {
        "wrong_type": _("Expected a data URL or an uploaded file."),
        "not_a_data_url": _("Expected data:image/png;base64,… or data:image/jpeg;base64,…"),
        "bad_base64": _("The picture is not valid base64."),
    }

    def to_internal_value(self, data: Any) -> bytes:
        if isinstance(data, UploadedFile):
            content: bytes = data.read()
            return content
        if not isinstance(data, str):
            self.fail("wrong_type")
        head, comma, body = data.partition(",")
        if not comma or head not in {"data:image/png;base64", "data:image/jpeg;base64"}:
            self.fail("not_a_data_url")
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            self.fail("bad_base64")

    def to_representation(self, value: Any) -> Any:
        return value
