"""The error pages."""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.views.defaults import page_not_found, server_error

from recognizer.backing.outages import AWAY, COME_BACK


def failed(request: HttpRequest) -> HttpResponse:
    """The response to a failed request: 503 while the database is away, else 500."""
    if isinstance(sys.exception(), AWAY):
        if _is_api_request(request):
            detail = gettext("The database cannot be reached; please try again in a moment.")
            return JsonResponse({"detail": detail}, status=503, headers=COME_BACK)
        page = render_to_string("503.html", request=request)
        return HttpResponse(page, status=503, headers=COME_BACK)
    return server_error(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 404 page, or JSON under the API's URLs."""
    if _is_api_request(request):
        return JsonResponse({"detail": "Not found."}, status=404)
    return page_not_found(request, exception)


def _is_api_request(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("api-schema").removesuffix("schema/"))
