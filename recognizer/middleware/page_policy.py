"""What every request passes through."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from recognizer.language.formats import grouped

GetResponse = Callable[[HttpRequest], HttpResponse]

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in [
        *("accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "display-capture"),
        *("encrypted-media", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts"),
        *("magnetometer", "microphone", "midi", "payment", "publickey-credentials-get"),
        *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    ]
)
_SESSION_KEY = re.compile(r"[a-z0-9]{8,64}")


class SpeakTheirLanguage(LocaleMiddleware):
    """The language that was chosen on the site (a cookie), or else the browser's.

    What never changes under its address is the same in every language.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "immutable" in response.get("Cache-Control", ""):
            return response
        patch_vary_headers(response, ["Cookie"])
        return super().process_response(request, response)


class CompressPages(GZipMiddleware):
    """Compresses pages. Static files are compressed once; the rest is small, or pictures."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


def refuse_unsound(get_response: GetResponse) -> GetResponse:
    """Answer what no sound client sends, before anything reads it.

    413 for a body that says it is over MAX_BODY_BYTES, 400 for headers that make
    no sense, and 403 for a form that another site lets a browser post: DRF asks
    anonymous people for no CSRF token, and a cookie that SameSite withheld would be
    replaced by the answer's.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return _refusal(400, _("Content-Length is not a number."))
        if int(length) > settings.MAX_BODY_BYTES:
            return _refusal(
                413,
                _("The body is over %(most)s bytes.") % {"most": grouped(settings.MAX_BODY_BYTES)},
            )
        charset = request.content_params and request.content_params.get("charset", "utf-8")
        if charset and charset.lower() not in {"utf-8", "utf8"}:
            return _refusal(400, _("The body must be in UTF-8."))
        if request.method not in _SAFE_METHODS and _is_from_elsewhere(request):
            return _refusal(403, _("Another site may not do this in your name."))
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if session is not None and not _SESSION_KEY.fullmatch(session):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return get_response(request)

    return middleware


def say_permissions(get_response: GetResponse) -> GetResponse:
    """Switch off what no page here uses, for scripts that should not be there too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        return response

    return middleware


def _refusal(status: int, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail}, status=status)


def _is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether a browser says that another origin sent this; other clients say nothing."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        return True
    origin = request.headers.get("origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return urlsplit(origin).netloc != request.get_host()
