"""How often one address may call."""

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle

if TYPE_CHECKING:  # rest_framework.views imports this module while it is being loaded
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class Throttle(ScopedRateThrottle):
    """Rates by `throttle_scope`. Lets requests pass while the counter's store is away."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError as error:
            logger.warning("Throttling is off, its counters cannot be reached: %s", error)
            return True

    def wait_for_further(self, request: Request, view: "APIView", readings: int) -> float:
        """Count so many more readings that a request holds, which itself was let pass.

        Returns:
            Seconds to wait where they are too many now, and nothing is counted; else 0.
        """
        self.rate = self.THROTTLE_RATES.get(getattr(view, self.scope_attr, ""))
        if not self.rate or readings < 1:
            return 0.0
        self.scope = getattr(view, self.scope_attr)
        most, seconds = self.parse_rate(self.rate)
        assert most is not None and seconds is not None  # noqa: PT018  there is a rate
        key, now = self.get_cache_key(request, view), self.timer()
        try:
            history = [at for at in self.cache.get(key, []) if at > now - seconds]
            surplus = len(history) + readings - most
            if surplus > len(history):  # more than the rate allows at all
                return float(seconds)
            if surplus > 0:
                return float(history[-surplus] + seconds - now)
            self.cache.set(key, [now] * readings + history, seconds)
        except RedisError as error:
            logger.warning("Throttling is off, its counters cannot be reached: %s", error)
        return 0.0
