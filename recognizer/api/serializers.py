"""JSON in and out. Nothing here knows how a drawing is read or kept."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from ml.contract import Drawn, InkError
from ml.drawing.pictures import decode_picture
from ml.drawing.strokes import MAX_CANVAS_PX, parse_strokes
from recognizer.api.fields import PictureField, StrokesField
from recognizer.drawings.recognition import Recognition, bitmap_bytes
from recognizer.drawings.rejections import REJECTIONS
from recognizer.language import run_messages
from recognizer.language.ink_errors import in_words
from recognizer.models import Drawing, Label, ModelVersion, Prediction, Share, TrainingRun
from recognizer.models.drawing import TITLE_LENGTH, bitmap_data_url

_REASONS = {reason.code: reason for reason in REJECTIONS}


def _side_of_canvas(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_CANVAS_PX, help_text=help_text
    )


class DrawingInputSerializer(serializers.Serializer[Any]):
    """Either strokes on a canvas or an image.

    `validated_data["drawn"]` is what `ml` reads.
    """

    strokes = StrokesField(required=False)
    width = _side_of_canvas("The canvas's width in pixels; required with strokes.")
    height = _side_of_canvas("The canvas's height in pixels; required with strokes.")
    image = PictureField(required=False, help_text="A PNG or JPEG as a base64 data URL.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("strokes" in attrs) == ("image" in attrs):
            raise serializers.ValidationError(_("Send either strokes or an image."))
        return {"drawn": self._picture(attrs) if "image" in attrs else self._ink(attrs)}

    def _ink(self, attrs: dict[str, Any]) -> Drawn:
        missing = [name for name in ("width", "height") if name not in attrs]
        if missing:
            raise serializers.ValidationError(
                dict.fromkeys(missing, _("The size of the canvas in pixels is required."))
            )
        try:
            ink = parse_strokes(attrs["strokes"], attrs["width"], attrs["height"])
        except InkError as error:
            raise serializers.ValidationError({"strokes": in_words(error)}) from None
        if not ink.strokes:
            raise serializers.ValidationError({"strokes": _("There are no strokes to read.")})
        return ink

    def _picture(self, attrs: dict[str, Any]) -> Drawn:
        try:
            return decode_picture(attrs["image"])
        except InkError as error:
            raise serializers.ValidationError({"image": in_words(error)}) from None


class UploadSerializer(serializers.Serializer[Any]):
    """Documents a picture that is uploaded as a file."""

    image = serializers.FileField(help_text="A PNG or JPEG file.")


class SymbolSerializer(serializers.Serializer[Any]):
    """One symbol of an answer."""

    label = serializers.CharField()  # type: ignore[assignment]
    confidence = serializers.FloatField()
    probabilities = serializers.DictField(child=serializers.FloatField())
    box = serializers.ListField(
        child=serializers.FloatField(),
        min_length=4,
        max_length=4,
        help_text="x, y, width and height in pixels.",
    )
    input = serializers.CharField(help_text="What the model saw, as a PNG data URL.")


class RejectionSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ModelReferenceSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()


class AnswerSerializer(serializers.Serializer[Any]):
    """A prediction. Documents the shape of `answer` and `stored_answer`."""

    text = serializers.CharField(help_text='"" if the drawing is rejected.')
    confidence = serializers.FloatField()
    rejected = RejectionSerializer(allow_null=True)
    symbols = SymbolSerializer(many=True)
    model = ModelReferenceSerializer()


class BatchInputSerializer(serializers.Serializer[Any]):
    """Documents what `request_body.items_of` takes."""

    items = serializers.ListField(child=DrawingInputSerializer(), min_length=1, max_length=256)


class BatchAnswerSerializer(serializers.Serializer[Any]):
    items = serializers.ListField(
        child=AnswerSerializer(), help_text="In the order of the request."
    )


_MESSAGES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}


@extend_schema_field(
    {
        "oneOf": [
            {
                "type": "object",
                "additionalProperties": {"type": "object", "additionalProperties": _MESSAGES},
            },
            _MESSAGES,
        ],
        "description": "What is wrong, by index and field; or a list about the batch as a whole.",
    }
)
class _ItemsRefusal(serializers.Field[Any, Any, Any, Any]):
    pass


class BatchRefusalSerializer(serializers.Serializer[Any]):
    """Documents the errors of `request_body.all_drawn_of`."""

    items = _ItemsRefusal(required=False)


def answer(recognition: Recognition) -> dict[str, Any]:
    """A fresh recognition as the API shows it."""
    rejected = recognition.rejected
    return {
        "text": recognition.text,
        "confidence": recognition.confidence,
        "rejected": rejected and {"code": rejected.code, "message": rejected.message},
        "symbols": [
            {
                "label": symbol.label,
                "confidence": symbol.confidence,
                "probabilities": symbol.probabilities,
                "box": list(symbol.box),
                "input": bitmap_data_url(bitmap_bytes(symbol.bitmap)),
            }
            for symbol in recognition.symbols
        ],
        "model": {"version": recognition.version_number},
    }


def stored_answer(drawing: Drawing, prediction: Prediction) -> dict[str, Any]:
    """The same for a stored prediction."""
    code = prediction.rejected
    return {
        "text": prediction.text,
        "confidence": prediction.confidence,
        "rejected": {"code": code, "message": _message(code)} if code else None,
        "symbols": [
            {**symbol, "input": drawing.thumbnail_data_url} for symbol in prediction.symbols
        ],
        "model": {"version": prediction.version.number},
    }


def _message(code: str) -> str:
    return _REASONS[code].message if code in _REASONS else code


class LabelSerializer(serializers.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ["value", "state", "created_at"]


class ShareSerializer(serializers.Serializer[Any]):
    """A share link. Documents the shape of `links`."""

    url = serializers.URLField(help_text="A page for people.")
    embed_url = serializers.URLField(help_text="The same drawing for an <iframe> on another site.")


def links(share: Share, request: HttpRequest | Request) -> dict[str, str]:
    """The addresses of a shared drawing."""
    pages = {"url": "shared", "embed_url": "shared-embed"}
    return {
        name: request.build_absolute_uri(reverse(page, args=[share.token]))
        for name, page in pages.items()
    }


_in_json = serializers.DateTimeField().to_representation


class DrawingSerializer(serializers.ModelSerializer[Drawing]):
    """A stored drawing."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    prediction = serializers.SerializerMethodField()
    share = serializers.SerializerMethodField(help_text="Null if it is not shared.")

    class Meta:
        model = Drawing
        fields = ["id", "created_at", "source", "title", "label", "prediction", "share"]
        read_only_fields = fields

    def to_representation(self, drawing: Drawing) -> dict[str, Any]:
        """The fields above, written out: DRF's own way takes longer than a prediction."""
        # The answer of this request: the drawing is new, so it has no label and no link yet.
        new = self.context.get("answer")
        return {
            "id": str(drawing.public_id),
            "created_at": _in_json(drawing.created_at),
            "source": drawing.source,
            "title": drawing.title,
            "label": None if new else self.get_label(drawing),
            "prediction": answer(new) if new else self.get_prediction(drawing),
            "share": None if new else self.get_share(drawing),
        }

    @extend_schema_field(LabelSerializer(allow_null=True))
    def get_label(self, drawing: Drawing) -> dict[str, Any] | None:
        label = drawing.labels.current()
        if label is None:
            return None
        return {
            "value": label.value,
            "state": label.state,
            "created_at": _in_json(label.created_at),
        }

    @extend_schema_field(AnswerSerializer(allow_null=True))
    def get_prediction(self, drawing: Drawing) -> dict[str, Any] | None:
        prediction = drawing.predictions.served()
        return None if prediction is None else stored_answer(drawing, prediction)

    @extend_schema_field(ShareSerializer(allow_null=True))
    def get_share(self, drawing: Drawing) -> dict[str, str] | None:
        return links(drawing.share, self.context["request"]) if drawing.is_shared else None


class ChangesSerializer(serializers.Serializer[Any]):
    """What the drawing really shows, the name that its owner gives it, or both."""

    label = serializers.CharField(max_length=16, required=False)  # type: ignore[assignment]
    title = serializers.CharField(
        max_length=TITLE_LENGTH,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text='The owner\'s name for the drawing; "" removes it.',
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and "title" in data and isinstance(data["title"], str):
            data = {**data, "title": _one_line(data["title"])}
        return super().to_internal_value(data)

    def validate_label(self, value: str) -> str:
        choices = self.context["choices"]
        if value not in choices:
            raise serializers.ValidationError(
                _("Expected one of: %(choices)s.") % {"choices": ", ".join(choices)}
            )
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError({"label": _("A label or a title is required.")})
        return attrs


def _one_line(text: str) -> str:
    """Without line breaks and other characters that show nothing or turn the text around."""
    return " ".join("".join(one for one in text if one.isprintable() or one.isspace()).split())


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    version = serializers.IntegerField(source="number")

    class Meta:
        model = ModelVersion
        fields = [
            "version",
            "state",
            "architecture",
            "classes",
            "sha256",
            "metrics",
            "run",
            "created_at",
        ]


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    version = serializers.SerializerMethodField(
        help_text="The number of the version that the run created."
    )
    stage = serializers.SerializerMethodField(help_text="What it is doing or did, in words.")
    error = serializers.SerializerMethodField(help_text="Why it failed, in words.")
    base_version = serializers.IntegerField(source="base_version.number")

    class Meta:
        model = TrainingRun
        fields = [
            "id",
            "state",
            "stage",
            "epoch",
            "epochs",
            "step",
            "steps",
            "loss",
            "accuracy",
            "history",
            "log",
            "error",
            "base_version",
            "version",
            "created_at",
            "started_at",
            "finished_at",
        ]

    def get_stage(self, run: TrainingRun) -> str:
        return run_messages.in_words(run.stage)

    def get_error(self, run: TrainingRun) -> str:
        return run_messages.in_words(run.error)

    def get_version(self, run: TrainingRun) -> int | None:
        version = getattr(run, "version", None)
        return None if version is None else version.number
