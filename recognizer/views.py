"""The pages that people see; what they do there goes through the API."""

import json
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.outages import AWAY
from recognizer.recognition import REJECTIONS

LABELS = {"digits": DIGITS, "not_a_digit": NOT_A_DIGIT}


@require_safe
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    messages = {reason.code: reason.message for reason in REJECTIONS}
    context = {"rejections": json.dumps(messages), **LABELS}
    return render(request, "recognizer/draw.html", context)


def failed(request: HttpRequest) -> HttpResponse:
    """What a page that failed becomes: 503 while the database is away, else 500."""
    if isinstance(sys.exception(), AWAY):
        return render(request, "503.html", status=503)
    return server_error(request)
