"""HTTP only: decode, call, encode."""

import math
import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.contract import Drawn
from recognizer.accounts.visitors import find_or_make_visitor, find_visitor, remember_visitor
from recognizer.api import openapi, openapi_examples, save_headers
from recognizer.api.parsers import StrictJSONParser
from recognizer.api.request_body import all_drawn_of, drawn_of, items_of
from recognizer.api.serializers import (
    AnswerSerializer,
    BatchAnswerSerializer,
    BatchInputSerializer,
    BatchRefusalSerializer,
    ChangesSerializer,
    DrawingInputSerializer,
    DrawingSerializer,
    ModelVersionSerializer,
    ShareSerializer,
    TrainingRunSerializer,
    UploadSerializer,
    answer,
    links,
)
from recognizer.api.throttles import Throttle
from recognizer.api.tokens import EVERY_SCOPE, HasScope, TokenAuthentication
from recognizer.drawings import idempotency, recognition
from recognizer.drawings.access import accessible_drawings, acts_as_staff, is_own
from recognizer.models import ApiToken, Drawing, Label, ModelVersion, Share, StaffAct, TrainingRun
from recognizer.monitoring import audit


class PredictView(APIView):
    """Reads drawings without storing them."""

    # The answer is the same for everybody, so the session is not read: that takes the database.
    authentication_classes = [TokenAuthentication]
    token_scope = ApiToken.Scope.PREDICT
    parser_classes = [StrictJSONParser, MultiPartParser]
    throttle_scope = "predict"

    @extend_schema(
        operation_id="predict",
        summary="Read one drawing or a batch",
        tags=["Predictions"],
        examples=openapi_examples.ONE_OR_MANY,
        request={
            "application/json": PolymorphicProxySerializer(
                "PredictInput", [DrawingInputSerializer, BatchInputSerializer], None
            ),
            "multipart/form-data": UploadSerializer,
        },
        responses={
            200: PolymorphicProxySerializer(
                "PredictAnswer", [AnswerSerializer, BatchAnswerSerializer], None
            ),
            400: BatchRefusalSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Nothing is stored.

        Send strokes, a picture, or a batch of up to 256 drawings as `{"items": [...]}`. A batch
        is answered as `{"items": [...]}`, in the same order. If any drawing of a batch is invalid,
        none is read, and the 400 lists what is wrong by index.

        Every drawing of a batch counts towards the rate limit.
        """
        items = items_of(request.data)
        if items is None:
            return Response(answer(recognition.recognise(drawn_of(request.data))))
        self._count_further(len(items) - 1)
        read = recognition.recognise_all(all_drawn_of(items))
        return Response({"items": [answer(one) for one in read]})

    def _count_further(self, readings: int) -> None:
        for throttle in self.get_throttles():
            assert isinstance(throttle, Throttle)
            seconds = throttle.wait_for_further(self.request, self, readings)
            if seconds:
                self.throttled(self.request, math.ceil(seconds))


@extend_schema(tags=["Drawings"])
@extend_schema_view(
    list=extend_schema(
        summary="List drawings",
        description="Your own, newest first. Staff see everybody's.",
    ),
    retrieve=extend_schema(
        summary="Get a drawing",
        description="One of your own. Staff can get anybody's.",
        parameters=[openapi.DRAWING_ID],
    ),
    destroy=extend_schema(
        summary="Delete a drawing",
        description="Its predictions, labels and share link are deleted with it.",
        parameters=[openapi.DRAWING_ID],
    ),
)
class DrawingViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Drawing],
):
    """Stored drawings: one's own; for staff, everybody's."""

    queryset = Drawing.objects.none()
    serializer_class = DrawingSerializer
    parser_classes = [StrictJSONParser, MultiPartParser]
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    lookup_value_converter = "uuid"
    token_scope = {
        "GET": ApiToken.Scope.READ,
        **dict.fromkeys(["POST", "PATCH", "DELETE"], ApiToken.Scope.SAVE),
    }

    @property
    def throttle_scope(self) -> str:
        return "save" if self.request.method == "POST" else "api"

    def get_queryset(self) -> QuerySet[Drawing]:
        return accessible_drawings(self.request).for_history()

    @extend_schema(
        summary="Save a drawing",
        parameters=save_headers.PARAMETERS,
        examples=openapi_examples.ONE_DRAWING,
        request={
            "application/json": DrawingInputSerializer,
            "multipart/form-data": UploadSerializer,
        },
        responses=save_headers.RESPONSES,
    )
    def create(self, request: Request) -> Response:
        """Read strokes or a picture, and store the drawing with its prediction."""
        save_headers.refuse_another(request)
        key = save_headers.key_of(request)
        drawn = drawn_of(request.data)
        read = recognition.recognise(drawn)
        if read.rejected and not read.symbols:
            raise ValidationError({"detail": read.rejected.message})
        if key:
            drawing, is_new = self._save_once(key, drawn, read)
        else:
            user = request.user if request.user.is_authenticated else None
            visitor = None if user else find_or_make_visitor(request)
            drawing, is_new = recognition.save(drawn, read, user=user, visitor=visitor), True
        if not is_new:
            return Response(self.get_serializer(drawing).data)
        known = {**self.get_serializer_context(), "answer": read}
        return Response(DrawingSerializer(drawing, context=known).data, status.HTTP_201_CREATED)

    def _save_once(
        self, key: uuid.UUID, drawn: Drawn, read: recognition.Recognition
    ) -> tuple[Drawing, bool]:
        user = self.request.user if self.request.user.is_authenticated else None
        known = None if user else find_visitor(self.request)
        try:
            drawing, is_new = idempotency.save_once(key, drawn, read, user=user, visitor=known)
        except idempotency.KeyTakenError:
            raise save_headers.KeyUsedError from None
        if not user and not known:
            assert drawing.visitor is not None  # it belongs to no user
            remember_visitor(self.request, drawing.visitor)
        return drawing, is_new

    @extend_schema(
        summary="Correct or rename a drawing",
        parameters=[openapi.DRAWING_ID],
        examples=openapi_examples.CHANGES,
        request=ChangesSerializer,
        responses=DrawingSerializer,
    )
    def partial_update(self, request: Request, **_: uuid.UUID) -> Response:
        """Send a label, a title or both.

        A label says what the drawing really shows. Models learn from it once staff have approved
        it. Only the owner can set the title.
        """
        drawing = self.get_object()
        prediction = drawing.predictions.served()
        # An imported drawing has been read by no version.
        choices = prediction.version.choices if prediction else ModelVersion.objects.choices()
        serializer = ChangesSerializer(data=request.data, context={"choices": choices})
        serializer.is_valid(raise_exception=True)
        changes = serializer.validated_data
        if "title" in changes:
            self._own(drawing).rename(changes["title"])
        if "label" in changes:
            user = request.user if request.user.is_authenticated else None
            visitor = None if user else find_or_make_visitor(request)
            Label.objects.suggest(drawing, changes["label"], user=user, visitor=visitor)
            self._note(StaffAct.Act.LABEL, drawing, f"suggested {changes['label']}")
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Share a drawing",
        tags=["Sharing"],
        parameters=[openapi.DRAWING_ID],
        request=None,
        responses={
            201: OpenApiResponse(ShareSerializer, "The new link."),
            200: OpenApiResponse(ShareSerializer, "The link that the drawing already has."),
        },
    )
    @action(detail=True, methods=["post"])
    def share(self, request: Request, **_: uuid.UUID) -> Response:
        """Create a link to one of your drawings. Anybody who has the link can see the drawing."""
        link, is_new = Share.objects.get_or_create(drawing=self._own(self.get_object()))
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(links(link, request), code)

    @extend_schema(
        summary="Stop sharing a drawing",
        tags=["Sharing"],
        parameters=[openapi.DRAWING_ID],
        responses={204: None},
    )
    @share.mapping.delete
    def stop_sharing(self, request: Request, **_: uuid.UUID) -> Response:
        """The link stops working at once. Sharing the drawing again creates a different link."""
        drawing = self.get_object()
        if Share.objects.filter(drawing=drawing).delete()[0]:
            self._note(StaffAct.Act.UNSHARE, drawing)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def perform_destroy(self, instance: Drawing) -> None:
        self._note(StaffAct.Act.DELETE, instance)
        instance.delete()

    def _note(self, act: StaffAct.Act, drawing: Drawing, words: str = "") -> None:
        """Keep what somebody did with a drawing that is not theirs; only staff can."""
        if acts_as_staff(self.request) and drawing.user_id != self.request.user.pk:
            audit.note(self.request, act, audit.because(str(drawing), words))

    def _own(self, drawing: Drawing) -> Drawing:
        """What only the owner does, whatever else one may do with others' drawings."""
        if not is_own(self.request, drawing):
            raise NotFound
        return drawing


class DocumentView(SpectacularAPIView):
    """The OpenAPI document, which takes long to make."""

    throttle_scope = "api"
    token_scope = EVERY_SCOPE


class DocsView(SpectacularSwaggerSplitView):
    """The page on which the API can be tried."""

    http_method_names = ["get", "head"]


@extend_schema(tags=["Model versions"])
@extend_schema_view(
    list=extend_schema(summary="List model versions", description="Staff only. Newest first."),
    retrieve=extend_schema(
        summary="Get a model version",
        description="Staff only.",
        parameters=[openapi.VERSION_NUMBER],
    ),
)
class ModelVersionViewSet(viewsets.ReadOnlyModelViewSet[ModelVersion]):
    """Model versions, for staff."""

    queryset = ModelVersion.objects.all()
    serializer_class = ModelVersionSerializer
    permission_classes = [IsAdminUser, HasScope]
    token_scope = ApiToken.Scope.STAFF
    throttle_scope = "api"
    lookup_field = "number"
    lookup_url_kwarg = "version"
    lookup_value_converter = "int"


@extend_schema(tags=["Training runs"])
@extend_schema_view(
    list=extend_schema(summary="List training runs", description="Staff only. Newest first."),
    retrieve=extend_schema(
        summary="Get a training run",
        description="Staff only. Shows the progress of a run that is still going on.",
        parameters=[openapi.RUN_NUMBER],
    ),
)
class TrainingRunViewSet(viewsets.ReadOnlyModelViewSet[TrainingRun]):
    """Training runs, for staff."""

    queryset = TrainingRun.objects.select_related("base_version", "version")
    serializer_class = TrainingRunSerializer
    permission_classes = [IsAdminUser, HasScope]
    token_scope = ApiToken.Scope.STAFF
    throttle_scope = "api"
    lookup_value_converter = "int"
