"""The drawing page's context. It is the same for everybody, so browsers can keep it offline."""

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.drawings.rejections import REJECTIONS

LABELS = {"digits": DIGITS, "not_a_digit": NOT_A_DIGIT}


def draw_context() -> dict[str, Any]:
    messages = {reason.code: reason.message for reason in REJECTIONS}
    worker = "" if settings.DEBUG else _service_worker_address(translation.get_language())
    return {"rejections": json.dumps(messages), "service_worker": worker, **LABELS}


def _service_worker_address(language: str) -> str:
    """Each language has its own URL, so browsers switch at once when the language changes."""
    address = reverse("service-worker")
    return address if language == settings.LANGUAGE_CODE else f"{address}?language={language}"
