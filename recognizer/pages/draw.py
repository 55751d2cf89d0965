"""The page where people draw. It talks to the site through the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from recognizer.accounts.pseudonyms import account_of
from recognizer.pages.draw_context import draw_context
from recognizer.pages.offline import is_for_a_cache


@require_safe
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    account = None if is_for_a_cache(request) else account_of(request.user)
    return render(request, "recognizer/draw.html", {**draw_context(), "account": account})
