"""Which version answers now, and its network for browsers that read by themselves."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import condition, require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.reading.inference import ArtifactError
from recognizer.api.tokens import EVERY_SCOPE, TokenAuthentication
from recognizer.models import ModelVersion
from recognizer.registry import artifacts
from recognizer.registry.active_model import NoActiveModelError

logger = logging.getLogger(__name__)


class NetworkSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(
        help_text="The network's weights, in the format of `ml/learning/web_export.py`. The file "
        "at this URL never changes."
    )


class ActiveVersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    network = NetworkSerializer(
        allow_null=True, help_text="Null if only the server can read with this version."
    )


@method_decorator(never_cache, "dispatch")
class ActiveVersionView(APIView):
    authentication_classes = [TokenAuthentication]
    token_scope = EVERY_SCOPE
    throttle_scope = "api"

    @extend_schema(
        operation_id="active_version",
        summary="Get the active model version",
        tags=["Model versions"],
        responses=ActiveVersionSerializer,
    )
    def get(self, request: Request) -> Response:
        """The version that answers now, and the URL of its network for reading in the browser."""
        version = ModelVersion.objects.active()
        if version is None:
            raise NoActiveModelError("No model version is active.")
        url = reverse("network", args=[version.web_sha256]) if version.web_sha256 else None
        return Response({"version": version.number, "network": url and {"url": url}})


def _etag(request: HttpRequest, sha256: str) -> str:
    return f'"{sha256}"'


@require_safe
@condition(etag_func=_etag)
def network(request: HttpRequest, sha256: str) -> HttpResponse:
    """The active version's network. Floats hardly shrink, so it is not compressed."""
    version = ModelVersion.objects.active()
    if version is None or version.web_sha256 != sha256:
        raise Http404("No active version has this network.")
    what = f"The network for browsers of version {version.number}"
    try:
        content = artifacts.load(version.web_model.name, sha256, what)
    except (ArtifactError, OSError) as error:
        logger.error("%s", error)
        raise Http404("The file cannot be read.") from error
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
