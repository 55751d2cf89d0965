"""Rate limits, shared by all processes in Redis.

Each limit counts acts in a window that begins with the first act and ends by itself. One script
checks and raises all counters of a request, so it takes one round trip and is atomic.

While Redis is away, each process counts for itself, from zero. Nobody is allowed less than
before, and nobody is unlimited. One thread checks now and then whether Redis is back, so a Redis
that hangs does not slow the others down.
"""

import hashlib
import ipaddress
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import redis
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

_TAKE = """
local wait = 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') + ARGV[1] > tonumber(ARGV[2 * i]) then
    local left = redis.call('PTTL', key)
    if left < 0 then left = tonumber(ARGV[2 * i + 1]) end
    wait = math.max(wait, left, 1)
  end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    if redis.call('INCRBY', key, ARGV[1]) == tonumber(ARGV[1]) then
      redis.call('PEXPIRE', key, ARGV[2 * i + 1])
    end
  end
end
return wait
"""
_GIVE_BACK = """
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then
    redis.call('DECR', key)
  end
end
return 0
"""

SECONDS_LEFT_ALONE = 2.0
"""After Redis did not answer."""

logger = logging.getLogger(__name__)

_ask_again_at: float | None = None
_asking_again = threading.Lock()

# For sites without Redis, which have one process, and while it is away.
_here = LocMemCache("counters", {"OPTIONS": {"MAX_ENTRIES": 20_000}})
_here_lock = threading.Lock()

_clients: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


@dataclass(frozen=True)
class RateLimit:
    """Who is counted for what, and how often that may be in how many seconds."""

    name: str
    most: int
    seconds: int


def rate_limit(rate: str, *who: str) -> RateLimit:
    """The limit for a rate such as "600/min"; its name does not reveal who is counted."""
    key = settings.SECRET_KEY.encode()[: hashlib.blake2b.MAX_KEY_SIZE]
    name = hashlib.blake2b("\0".join(who).encode(), digest_size=16, key=key).hexdigest()
    return RateLimit(name, *_parsed(rate))


def network_of_client(request: Any) -> str:
    """Where a request, Django's or the API's, comes from, as it is counted."""
    return network_of(request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """An address as it is counted; of IPv6 the /64, all of which one customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


@lru_cache(maxsize=32)
def _parsed(rate: str) -> tuple[int, int]:
    """How often in how many seconds."""
    count, _, period = rate.partition("/")
    return int(count), {"s": 1, "m": 60, "h": 3600, "d": 86400}[period[0]]


def take(limits: Sequence[RateLimit], times: int = 1) -> float | None:
    """Count an act, or so many, in all of these, or in none if that is too much for one of them.

    Returns:
        None, or the seconds until there is room again.
    """
    if not limits:
        return None
    numbers = [number for one in limits for number in (one.most, one.seconds * 1000)]
    wait_ms = _run_if_there(_TAKE, limits, [times, *numbers])
    if wait_ms is None:
        return _take_here(limits, times)
    return wait_ms / 1000 if wait_ms else None


def give_back(limits: Sequence[RateLimit]) -> None:
    """Take back what `take` counted; while Redis is away nothing is lost by it."""
    _run_if_there(_GIVE_BACK, limits, [])
    _give_back_here(limits)


def _run_if_there(script: str, limits: Sequence[RateLimit], numbers: list[int]) -> int | None:
    """What the script answers; None without Redis, or while it is away."""
    global _ask_again_at
    cache, ask_again_at = caches["default"], _ask_again_at
    if not isinstance(cache, RedisCache):
        return None
    is_away = False
    if ask_again_at is not None:
        if monotonic() < ask_again_at or not _asking_again.acquire(blocking=False):
            return None
        is_away = True
    try:
        answer = _run(cache, script, limits, numbers)
    except redis.RedisError as error:
        if _ask_again_at is None:
            logger.warning("Redis is away (%s); each process counts calls for itself.", error)
        _ask_again_at = monotonic() + SECONDS_LEFT_ALONE
        return None
    else:
        if is_away:
            logger.warning("Redis is back; calls are counted for all processes.")
        _ask_again_at = None
        return answer
    finally:
        if is_away:
            _asking_again.release()


def _run(cache: Any, script: str, limits: Sequence[RateLimit], numbers: list[int]) -> int:
    client = _client(cache)
    keys = [cache.make_key(f"counter:{limit.name}") for limit in limits]
    digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
    try:
        return int(client.evalsha(digest, len(keys), *keys, *numbers))
    except redis.exceptions.NoScriptError:  # a server that was just started
        return int(client.eval(script, len(keys), *keys, *numbers))


def _client(cache: Any) -> Any:
    """Of a thread's own cache; Django makes a new one each time, a tenth of a reading's cost."""
    client = _clients.get(cache)
    if client is None:
        client = _clients[cache] = cache._cache.get_client(write=True)
    return client


def _take_here(limits: Sequence[RateLimit], times: int) -> float | None:
    """`take` among the threads of this process alone."""
    now = monotonic()
    with _here_lock:
        known = {one: _known_here(one, now) for one in limits}
        waits = [ends - now for one, (used, ends) in known.items() if used + times > one.most]
        if waits:
            return max(*waits, 0.001)
        for one, (used, ends) in known.items():
            _here.set(one.name, (used + times, ends), max(ends - now, 0.001))
    return None


def _give_back_here(limits: Sequence[RateLimit]) -> None:
    now = monotonic()
    with _here_lock:
        for one in limits:
            used, ends = _known_here(one, now)
            if used:
                _here.set(one.name, (used - 1, ends), ends - now)


def _known_here(one: RateLimit, now: float) -> tuple[int, float]:
    """How often it was taken, and when its window ends."""
    used, ends = _here.get(one.name, (0, 0.0))
    return (used, ends) if ends > now else (0, now + one.seconds)


def forget_here() -> None:
    """Begin anew."""
    global _ask_again_at
    _ask_again_at = None
    _here.clear()
