"""The pages that people see; what they do there goes through the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from ml.contract import DIGITS, NOT_A_DIGIT

LABELS = {"digits": DIGITS, "not_a_digit": NOT_A_DIGIT}


@require_safe
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    return render(request, "recognizer/draw.html", LABELS)
