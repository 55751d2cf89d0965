"""The way into the admin, which lets nobody try passwords without end.

Failures are counted by account and by address, and a count ends by itself. A browser in which
somebody once signed in as this account has a count of its own: so nobody else who tries passwords
for it, from wherever, keeps its owner out.
"""

import secrets
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from recognizer import counters
from recognizer.counters import Counter
from recognizer.outages import AWAY

COOKIE = "known_browser"
_KNOWN_FOR_S = 180 * 86400
_SALT = "recognizer.known-browser"
_WAIT = "recognizer.sign_in_wait"


class SignInForm(AdminAuthenticationForm):
    """Counts before it looks at the password, so that nobody tries many at once."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not (username and self.cleaned_data.get("password")):
            return super().clean()
        assert self.request is not None
        counted = _counters(self.request, username)
        wait = counters.take(counted)
        if wait is not None:
            self.request.META[_WAIT] = wait
            raise ValidationError(
                _("Too many attempts to sign in. Try again in %(time)s.")
                % {"time": _in_words(wait)},
                code="throttled",
            )
        try:
            cleaned = super().clean()
        except AWAY:  # no password was looked at
            counters.give_back(counted)
            raise
        counters.give_back(counted)
        return cleaned


def sign_in(request: HttpRequest) -> HttpResponse:
    """Django's page; 429 where too many attempts failed, and a mark for a browser that knew."""
    response = admin.site.login(request)
    wait = request.META.get(_WAIT)
    if wait is not None:
        response.status_code = 429
        response.headers["Retry-After"] = str(int(wait) + 1)
    elif request.method == "POST" and response.status_code == 302:
        _remember(request, response)
    return response


def _counters(request: HttpRequest, username: str) -> list[Counter]:
    rates: dict[str, str | None] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]  # type: ignore[assignment]
    account = _account(username)
    browser = _known_browser(request, account)
    if browser:
        wanted = {"login": ("browser", browser)}
    else:
        address = counters.network_of(request.META.get("REMOTE_ADDR", ""))
        wanted = {"login": ("account", account), "address-login": ("address", address)}
    return [
        counters.counter(rate, "login", *who)
        for name, who in wanted.items()
        if (rate := rates[name])
    ]


def _account(username: str) -> str:
    """The same for all ways to write one name, whether there is such an account or not."""
    return unicodedata.normalize("NFKC", username).casefold()


def _remember(request: HttpRequest, response: HttpResponse) -> None:
    account = _account(request.POST.get("username", ""))
    response.set_cookie(
        COOKIE,
        signing.dumps([account, secrets.token_hex(8)], salt=_SALT),
        max_age=_KNOWN_FOR_S,
        path=reverse("admin:login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _known_browser(request: HttpRequest, account: str) -> str | None:
    """Which browser it is, if somebody signed in as this account in it."""
    try:
        known, browser = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_KNOWN_FOR_S
        )
    except signing.BadSignature:
        return None
    return str(browser) if known == account else None


def _in_words(seconds: float) -> str:
    if seconds < 60:
        return _("a minute")
    minutes = -int(-seconds // 60)
    return _("%(count)s minutes") % {"count": minutes}
