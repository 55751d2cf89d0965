"""What stands between the web processes and the worker."""

import redis
from django.conf import settings

QUEUE = "celery"
_PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1}


def messages_waiting() -> int | None:
    """How many messages no worker has taken yet; None where no broker answers."""
    if not settings.REDIS_URL:
        return None
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **_PATIENCE) as client:
            return int(client.llen(QUEUE))
    except (redis.RedisError, OSError):
        return None
