"""The pages that people see; what they do there goes through the API."""

import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found, server_error

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.accounts.pseudonyms import account_of
from recognizer.backing.outages import AWAY, COME_BACK
from recognizer.drawings.recognition import REJECTIONS
from recognizer.language import javascript_catalogue
from recognizer.pages.offline_files import Shell, shell_of

LABELS = {"digits": DIGITS, "not_a_digit": NOT_A_DIGIT}


@require_safe
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    account = None if _is_for_a_cache(request) else account_of(request.user)
    return render(request, "recognizer/draw.html", {**_drawing_page(), "account": account})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker shows for pages that it cannot have."""
    _is_for_a_cache(request)
    return render(request, "recognizer/offline.html")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that makes the site work offline, with what it is to keep, in one language."""
    if settings.DEBUG:
        raise Http404("Static files change under the same name; nothing may keep them.")
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        return HttpResponse(_service_worker(language), content_type="text/javascript")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What the site is called and looks like once it is installed."""
    text = render_to_string("recognizer/manifest.webmanifest")
    return HttpResponse(text, content_type="application/manifest+json")


def failed(request: HttpRequest) -> HttpResponse:
    """What a page that failed becomes: 503 while the database is away, else 500."""
    if isinstance(sys.exception(), AWAY):
        if _is_for_a_program(request):
            detail = gettext("The database cannot be reached; please try again in a moment.")
            return JsonResponse({"detail": detail}, status=503, headers=COME_BACK)
        page = render_to_string("503.html", request=request)
        return HttpResponse(page, status=503, headers=COME_BACK)
    return server_error(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, in JSON where only programs ask."""
    if _is_for_a_program(request):
        return JsonResponse({"detail": "Not found."}, status=404)
    return page_not_found(request, exception)


def _is_for_a_program(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("api-schema").removesuffix("schema/"))


def _drawing_page() -> dict[str, Any]:
    messages = {reason.code: reason.message for reason in REJECTIONS}
    worker = "" if settings.DEBUG else _service_worker_address(translation.get_language())
    return {"rejections": json.dumps(messages), "service_worker": worker, **LABELS}


def _service_worker_address(language: str) -> str:
    """Another one for each language: browsers take it up at once where somebody chooses another."""
    address = reverse("service-worker")
    return address if language == settings.LANGUAGE_CODE else f"{address}?language={language}"


def _is_for_a_cache(request: HttpRequest) -> bool:
    """Whether a service worker asks for the page to keep it; then in the language it keeps.

    Raises:
        Http404: it is to be kept with files of another version of the site; while that one is
            being replaced, both answer.
    """
    version = request.GET.get("shell")
    if version is None:
        return False
    for language, _ in settings.LANGUAGES:
        translation.activate(language)
        if version == _shell().version:
            return True
    raise Http404("This is another version of the site.")


def _shell() -> Shell:
    """In the language of this request."""
    return _shell_in(translation.get_language())


@lru_cache
def _shell_in(language: str) -> Shell:
    """The same for as long as this process runs."""
    assert language == translation.get_language()
    return shell_of(
        [
            render_to_string("recognizer/draw.html", _drawing_page()),
            render_to_string("recognizer/offline.html"),
        ]
    )


@lru_cache
def _service_worker(language: str) -> str:
    path = finders.find("recognizer/js/offline/service_worker.js")
    assert isinstance(path, str)
    shell = {
        "version": _shell().version,
        "files": _shell().files,
        "textsUrl": javascript_catalogue.address_in(language),
        "drawUrl": reverse("draw"),
        "offlineUrl": reverse("offline"),
        "activeUrl": reverse("active-version"),
        "networksUrl": reverse("network", args=["0"]).removesuffix("0.bin"),
        "elsewhere": [reverse("admin:index"), reverse("api-schema").removesuffix("schema/")],
    }
    code = Path(path).read_text("utf-8")
    return f"const SHELL = {json.dumps(shell, indent=2)};\n\n{code}"
