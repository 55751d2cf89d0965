"""The pages that people see; what they do there goes through the API."""

import json
import sys
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.models import Drawing
from recognizer.outages import AWAY
from recognizer.recognition import REJECTIONS

DRAWINGS_A_PAGE = 24
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


@require_safe
@ensure_csrf_cookie
def history(request: HttpRequest) -> HttpResponse:
    """The person's own drawings; staff see everybody's in the admin."""
    drawings = Drawing.objects.owned_by(request).for_history()
    page: Page[Drawing] = Paginator(drawings, DRAWINGS_A_PAGE).get_page(request.GET.get("page"))
    pages = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    context = {
        "page": page,
        "pages": pages,
        "cards": [_card(drawing) for drawing in page],
        **LABELS,
    }
    return render(request, "recognizer/history.html", context)


def _card(drawing: Drawing) -> dict[str, Any]:
    prediction = drawing.served_prediction
    return {
        "drawing": drawing,
        "prediction": prediction,
        "percent": _percent(prediction.confidence) if prediction else "",
        "label": drawing.current_label,
    }


def _percent(share: float) -> str:
    """0.9934 -> "99.3 %"; what is not certain is never shown as 100.0 %, as in bars.js."""
    return f"{min(share * 100, 99.9 if share < 1 else 100):.1f} %"
