"""What every request passes through."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def limit_body(get_response: GetResponse) -> GetResponse:
    """Answer 413 to a body that says it is over MAX_BODY_BYTES, before anything reads it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return JsonResponse({"detail": "Content-Length is not a number."}, status=400)
        if int(length) > settings.MAX_BODY_BYTES:
            return JsonResponse(
                {"detail": f"The body is over {settings.MAX_BODY_BYTES:,} bytes."}, status=413
            )
        return get_response(request)

    return middleware
