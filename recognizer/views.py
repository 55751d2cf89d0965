"""The pages that people see; what they do there goes through the API."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.recognition import REJECTIONS

LABELS = {"digits": DIGITS, "not_a_digit": NOT_A_DIGIT}


@require_safe
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    messages = {reason.code: reason.message for reason in REJECTIONS}
    context = {"rejections": json.dumps(messages), **LABELS}
    return render(request, "recognizer/draw.html", context)
