"""The public page of one drawing, for anyone with its link. It does not reveal who drew it."""

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from recognizer.drawings.share_card import SIZE
from recognizer.models import Share
from recognizer.pages.cards import Card


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, token, "recognizer/shared.html")


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # views may take more
def shared_embed(request: HttpRequest, token: str) -> HttpResponse:
    """The drawing without the site around it: the only page that other sites may frame."""
    return _page(request, token, "recognizer/shared_embed.html")


def _page(request: HttpRequest, token: str, template: str) -> HttpResponse:
    share = get_object_or_404(Share.objects.for_showing(), token=token)
    width, height = SIZE
    context = {
        "card": Card.of(share.drawing),
        "token": share.token,
        "site": request.build_absolute_uri("/").rstrip("/"),
        "width": width,
        "height": height,
    }
    response = render(request, template, context)
    # The owner may withdraw the link at any moment, so nobody may cache the page.
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
