"""How often one caller, and all callers of one address, may call."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from recognizer.backing import rate_limits
from recognizer.backing.rate_limits import RateLimit

if TYPE_CHECKING:  # rest_framework.views imports this module while it is being loaded
    from rest_framework.views import APIView


class Throttle(BaseThrottle):
    """Rates by `throttle_scope`: one for the caller, a higher one for the address.

    The caller is a token, a user, a session, or who has none of these at one address.
    """

    THROTTLE_RATES: dict[str, str | None] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]  # type: ignore[assignment]

    _wait: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        scope = getattr(view, "throttle_scope", None)
        if scope is None:
            return True
        self._wait = rate_limits.take(self._limits(request, scope))
        return self._wait is None

    def wait(self) -> float | None:
        return self._wait

    def wait_for_further(self, request: Request, view: "APIView", readings: int) -> float:
        """Count so many more readings that a request holds, which itself was let pass.

        Returns:
            Seconds to wait where they are too many now, and nothing is counted; else 0.
        """
        scope = getattr(view, "throttle_scope", None)
        if scope is None or readings < 1:
            return 0.0
        return rate_limits.take(self._limits(request, scope), readings) or 0.0

    def _limits(self, request: Request, scope: str) -> list[RateLimit]:
        address = rate_limits.network_of_client(request)
        kind, caller = _caller(request) or ("", address)
        wanted = {
            (f"token-{scope}" if kind == "token" else scope): (kind, caller),
            f"address-{scope}": ("address", address),
        }
        return [
            rate_limits.rate_limit(rate, name, *who)
            for name, who in wanted.items()
            if (rate := self.THROTTLE_RATES.get(name))
        ]


def _caller(request: Request) -> tuple[str, str] | None:
    """Who asks, as far as a request tells without a look at the session's row."""
    if request.auth is not None:
        return "token", str(request.auth.pk)
    if request.user.is_authenticated:
        return "user", str(request.user.pk)
    # Anybody can make up a cookie: what is gained by that ends at the rate of the address.
    # Browsers have the second one as soon as they have opened a page.
    for cookie in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        if value := request.COOKIES.get(cookie):
            return "browser", value
    return None
