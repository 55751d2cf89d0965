"""Offline use: the offline page, the service worker and the manifest."""

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recognizer.language import javascript_catalogue
from recognizer.pages.draw_context import draw_context
from recognizer.pages.offline_files import Shell, shell_of


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page that the service worker shows in place of pages it does not have."""
    is_for_a_cache(request)
    return render(request, "recognizer/offline.html")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker in one language, with the list of files to keep."""
    if settings.DEBUG:
        raise Http404("Static files change under the same name; nothing may keep them.")
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        return HttpResponse(_service_worker(language), content_type="text/javascript")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The name and appearance of the installed site."""
    text = render_to_string("recognizer/manifest.webmanifest")
    return HttpResponse(text, content_type="application/manifest+json")


def is_for_a_cache(request: HttpRequest) -> bool:
    """Whether a service worker requests the page to keep it; activates the worker's language.

    Raises:
        Http404: the worker keeps files of another version of the site. During an update,
            both versions serve requests.
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
    """The shell in the language of this request."""
    return _shell_in(translation.get_language())


@lru_cache
def _shell_in(language: str) -> Shell:
    """The shell stays the same as long as this process runs."""
    assert language == translation.get_language()
    return shell_of(
        [
            render_to_string("recognizer/draw.html", draw_context()),
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
