"""Drawings as files. SVG, which a browser could run, is always an attachment."""

import hashlib
import uuid
from collections.abc import Callable, Iterable

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from recognizer.drawings.access import own_drawings
from recognizer.drawings.rendering import png_file, svg_file
from recognizer.drawings.share_card import share_card
from recognizer.models import ApiToken, Drawing, Share

_CACHE_SECONDS = 300
_RENDERING_VERSION = b"1"
"""Increase this when rendering changes, so that browsers drop the files they keep."""

_SHOWN_SIDE_PX = 720

_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""However a browser interprets a file, it runs nothing and belongs to no origin."""

FILES: dict[str, tuple[str, str, Callable[[Drawing], bytes | None]]] = {
    "drawing.svg": ("image/svg+xml", "attachment", svg_file),
    "drawing.png": ("image/png", "attachment", png_file),
    "picture.png": ("image/png", "inline", lambda drawing: png_file(drawing, _SHOWN_SIDE_PX)),
    "card.png": ("image/png", "inline", share_card),
}


class _AnyContentType(BaseContentNegotiation):
    """Ignores the Accept header: an <img> does not accept JSON, and gets none."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type


@extend_schema(exclude=True)
class OwnPicture(APIView):
    """A file of the user's own drawing."""

    throttle_scope = "api"
    token_scope = ApiToken.Scope.READ
    content_negotiation_class = _AnyContentType
    cache_control = f"private, max-age={_CACHE_SECONDS}"

    def get(self, request: Request, name: str, **where: str | uuid.UUID) -> HttpResponse:
        drawing = self.find(request, **where)
        etag = _etag(drawing, name)
        response = get_conditional_response(request._request, etag) or _file(drawing, name)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = self.cache_control
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    def find(self, request: Request, **where: str | uuid.UUID) -> Drawing:
        return get_object_or_404(own_drawings(request).for_history(), **where)


@extend_schema(exclude=True)
class SharedPicture(OwnPicture):
    """A file of a drawing, for anyone with its link."""

    authentication_classes = ()
    cache_control = f"public, max-age={_CACHE_SECONDS}"

    def find(self, request: Request, **where: str | uuid.UUID) -> Drawing:
        return get_object_or_404(Share.objects.for_showing(), **where).drawing


def _etag(drawing: Drawing, name: str) -> str:
    prediction = drawing.predictions.served()
    prediction_pk = prediction and prediction.pk
    parts = (name, drawing.public_id, drawing.title, prediction_pk, get_language())
    return f'"{hashlib.sha256(_RENDERING_VERSION + repr(parts).encode()).hexdigest()[:24]}"'


def _file(drawing: Drawing, name: str) -> HttpResponse:
    content_type, disposition, make = FILES[name]
    content = make(drawing)
    if content is None:
        raise Http404
    stem, suffix = name.split(".")
    filename = f"{stem}-{drawing.public_id.hex[:8]}.{suffix}"
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'{disposition}; filename="{filename}"'},
    )
