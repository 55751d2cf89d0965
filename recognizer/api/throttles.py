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
