"""The private page of one drawing: its link, its files, and whether a correction helped."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.drawings.access import own_drawings
from recognizer.drawings.feedback import feedback_on
from recognizer.pages.cards import Card


@require_safe
@ensure_csrf_cookie
def drawing_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show a drawing to its owner only; staff use the admin."""
    mine = own_drawings(request).for_history()
    drawing = get_object_or_404(mine, public_id=public_id)
    context = {
        "card": Card.of(drawing),
        "feedback": feedback_on(drawing),
        "digits": DIGITS,
        "not_a_digit": NOT_A_DIGIT,
    }
    return render(request, "recognizer/drawing.html", context)
