"""The texts of the pages' scripts: one script per language. Its URL changes with its content."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog


@require_safe
def script(request: HttpRequest, language: str, digest: str) -> HttpResponse:
    """The catalogue for js/i18n.js.

    During an update, a page may request the catalogue of another release; it gets this one.
    """
    if language not in dict(settings.LANGUAGES):
        raise Http404
    texts = _texts_in(language)
    is_current = digest == _digest(texts)
    return HttpResponse(
        texts,
        content_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable" if is_current else "no-store"
        },
    )


def address_in(language: str) -> str:
    """The URL of a language's script; "" for the language of the source texts."""
    if language == settings.LANGUAGE_CODE:
        return ""
    return reverse("js-texts", args=[language, _digest(_texts_in(language))])


@lru_cache
def _texts_in(language: str) -> bytes:
    with translation.override(language):
        response = JavaScriptCatalog(packages=["recognizer"]).get(HttpRequest())
    content: bytes = response.content
    return content


def _digest(texts: bytes) -> str:
    return hashlib.sha256(texts).hexdigest()[:16]
