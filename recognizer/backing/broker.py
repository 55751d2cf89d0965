"""The message broker between the web processes and the worker."""

import redis
from django.conf import settings

QUEUE = "celery"


def connect(url: str, *, seconds: float = 1) -> redis.Redis:
    """A client that waits up to `seconds` for a connection and for each answer."""
    return redis.Redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds)


def messages_waiting() -> int | None:
    """The number of messages in the queue; None if no broker answers."""
    if not settings.REDIS_URL:
        return None
    try:
        with connect(settings.REDIS_URL) as client:
            return int(client.llen(QUEUE))
    except (redis.RedisError, OSError):
        return None
