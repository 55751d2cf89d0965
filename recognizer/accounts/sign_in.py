"""Sign-in, on the site and in the admin, with a limit on failed attempts.

Failures are counted by account and by address. A browser that has signed in to an account before
has a counter of its own, so that attackers cannot lock the account's owner out.
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
from recognizer.backing.rate_limits import RateLimit

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
        limits = _limits(self.request, username)
        refuse_too_many(self.request, limits)
        try:
            cleaned = super().clean()
        except AWAY:  # no password was looked at
            rate_limits.give_back(limits)
            raise
        rate_limits.give_back(limits)
        self.request.META[_KNOWN] = _account(username)
        return cleaned


def refuse_too_many(request: HttpRequest, limits: list[RateLimit]) -> None:
    """Count an attempt.

    Raises:
        ValidationError: there were too many; `finish` makes a 429 of the answer.
    """
    wait = rate_limits.take(limits)
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


def _limits(request: HttpRequest, username: str) -> list[RateLimit]:
    account = _account(username)
    browser = _known_browser(request, account)
    if browser:
        return limits_for("login", "login", "browser", browser)
    address = rate_limits.network_of_client(request)
    return [
        *limits_for("login", "login", "account", account),
        *limits_for("address-login", "login", "address", address),
    ]


def limits_for(name: str, *who: str) -> list[RateLimit]:
    """The limit for somebody at one of the site's rates; empty where that rate is switched off."""
    rates: dict[str, str | None] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]  # type: ignore[assignment]
    rate = rates[name]
    return [rate_limits.rate_limit(rate, *who)] if rate else []


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
