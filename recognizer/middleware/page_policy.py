"""Language, compression, permissions, and the refusal of malformed or forged requests."""

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
    """Uses the language chosen on the site (a cookie), or else the browser's.

    Immutable responses are the same in every language.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "immutable" in response.get("Cache-Control", ""):
            return response
        patch_vary_headers(response, ["Cookie"])
        return super().process_response(request, response)


class CompressPages(GZipMiddleware):
    """Compresses HTML. Static files are already compressed; other responses are small or images."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


def refuse_unsound(get_response: GetResponse) -> GetResponse:
    """Refuse malformed and cross-site requests before anything reads them.

    - 413 if Content-Length is over MAX_BODY_BYTES
    - 400 for invalid headers
    - 403 for unsafe requests from other sites. DRF requires no CSRF token from anonymous
      users, and the response would replace a session cookie that SameSite withheld.
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
        if request.method not in _SAFE_METHODS and _is_cross_site(request):
            return _refusal(403, _("Another site may not do this in your name."))
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if session is not None and not _SESSION_KEY.fullmatch(session):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return get_response(request)

    return middleware


def say_permissions(get_response: GetResponse) -> GetResponse:
    """Disable browser features that no page uses, even for injected scripts."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        return response

    return middleware


def _refusal(status: int, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail}, status=status)


def _is_cross_site(request: HttpRequest) -> bool:
    """Whether a browser reports another origin; other clients send no such headers."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        return True
    origin = request.headers.get("origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return urlsplit(origin).netloc != request.get_host()
