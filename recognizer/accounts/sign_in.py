"""The ways in, which let nobody try passwords without end: the site's own, and the admin's.

Failures are counted by account and by address, and a count ends by itself. A browser in which
somebody once signed in as this account has a count of its own: so nobody else who tries passwords
for it, from wherever, keeps its owner out.
"""

import secrets
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from recognizer.backing import rate_limits
from recognizer.backing.outages import AWAY
from recognizer.backing.rate_limits import Counter

COOKIE = "known_browser"
_KNOWN_FOR_S = 180 * 86400
_SALT = "recognizer.known-browser"
_WAIT, _KNOWN = "recognizer.sign_in_wait", "recognizer.signed_in_as"


class CountedForm(AuthenticationForm):
    """Counts before it looks at the password, so that nobody tries many at once."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not (username and self.cleaned_data.get("password")):
            return super().clean()
        assert self.request is not None
        counted = _counters(self.request, username)
        refuse_too_many(self.request, counted)
        try:
            cleaned = super().clean()
        except AWAY:  # no password was looked at
            rate_limits.give_back(counted)
            raise
        rate_limits.give_back(counted)
        self.request.META[_KNOWN] = _account(username)
        return cleaned


def refuse_too_many(request: HttpRequest, counted: list[Counter]) -> None:
    """Count an attempt.

    Raises:
        ValidationError: there were too many; `finish` makes a 429 of the answer.
    """
    wait = rate_limits.take(counted)
    if wait is not None:
        request.META[_WAIT] = wait
        raise ValidationError(
            _("Too many attempts. Try again in %(time)s.") % {"time": _in_words(wait)},
            code="throttled",
        )


def finish(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """429 where too many attempts failed, and a mark for a browser in which one was right."""
    wait, account = request.META.get(_WAIT), request.META.get(_KNOWN)
    if wait is not None:
        response.status_code = 429
        response.headers["Retry-After"] = str(int(wait) + 1)
    elif account is not None:
        _remember(account, response)
    return response


def _counters(request: HttpRequest, username: str) -> list[Counter]:
    account = _account(username)
    browser = _known_browser(request, account)
    if browser:
        return of_rate("login", "login", "browser", browser)
    address = rate_limits.network_of_client(request)
    return [
        *of_rate("login", "login", "account", account),
        *of_rate("address-login", "login", "address", address),
    ]


def of_rate(name: str, *who: str) -> list[Counter]:
    """The counter of somebody at one of the site's rates; none where it is switched off."""
    rates: dict[str, str | None] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]  # type: ignore[assignment]
    rate = rates[name]
    return [rate_limits.counter(rate, *who)] if rate else []


def _account(username: str) -> str:
    """The same for all ways to write one name, whether there is such an account or not."""
    return unicodedata.normalize("NFKC", username).casefold()


def _remember(account: str, response: HttpResponse) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps([account, secrets.token_hex(8)], salt=_SALT),
        max_age=_KNOWN_FOR_S,
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
