"""Rate limits, shared by all processes in Redis.

Each limit counts calls in a fixed window that begins with the first call. One script checks and
raises all counters of a request, so it takes one round trip and is atomic.

While Redis is away, each process counts for itself, from zero: no limit gets stricter, and none
disappears. Only one thread at a time checks whether Redis is back, so a Redis that hangs does not
slow the others down.
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
"""How long Redis is not asked again after it did not answer."""

logger = logging.getLogger(__name__)

_ask_again_at: float | None = None
_asking_again = threading.Lock()

# For sites without Redis, which have one process, and for outages of Redis.
_here = LocMemCache("counters", {"OPTIONS": {"MAX_ENTRIES": 20_000}})
_here_lock = threading.Lock()

_clients: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


@dataclass(frozen=True)
class RateLimit:
    """At most `most` calls in `seconds`; `name` identifies the caller and the kind of call."""

    name: str
    most: int
    seconds: int


def rate_limit(rate: str, *who: str) -> RateLimit:
    """The limit for a rate such as "600/min"; `who` is hashed, so that Redis stores no names."""
    key = settings.SECRET_KEY.encode()[: hashlib.blake2b.MAX_KEY_SIZE]
    name = hashlib.blake2b("\0".join(who).encode(), digest_size=16, key=key).hexdigest()
    return RateLimit(name, *_parsed(rate))


def network_of_client(request: Any) -> str:
    """The network of a request's client, for Django's and for the API's requests."""
    return network_of(request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network of an address: an IPv4 address itself, or the /64 of an IPv6 customer."""
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
    """The number of calls, and the seconds of the window."""
    count, _, period = rate.partition("/")
    return int(count), {"s": 1, "m": 60, "h": 3600, "d": 86400}[period[0]]


def take(limits: Sequence[RateLimit], times: int = 1) -> float | None:
    """Count a call, or several, in all limits, or in none if one of them would be exceeded.

    Returns:
        None if counted, else the seconds until there is room.
    """
    if not limits:
        return None
    numbers = [number for one in limits for number in (one.most, one.seconds * 1000)]
    wait_ms = _run_if_there(_TAKE, limits, [times, *numbers])
    if wait_ms is None:
        return _take_here(limits, times)
    return wait_ms / 1000 if wait_ms else None


def give_back(limits: Sequence[RateLimit]) -> None:
    """Undo one `take`; harmless while Redis is away."""
    _run_if_there(_GIVE_BACK, limits, [])
    _give_back_here(limits)


def _run_if_there(script: str, limits: Sequence[RateLimit], numbers: list[int]) -> int | None:
    """The script's result; None without Redis, or while it is away."""
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
    """The thread's Redis client. Django creates one per call: a tenth of a prediction's cost."""
    client = _clients.get(cache)
    if client is None:
        client = _clients[cache] = cache._cache.get_client(write=True)
    return client


def _take_here(limits: Sequence[RateLimit], times: int) -> float | None:
    """`take` for the threads of this process only."""
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
    """The calls counted so far, and the end of the window."""
    used, ends = _here.get(one.name, (0, 0.0))
    return (used, ends) if ends > now else (0, now + one.seconds)


def forget_here() -> None:
    """Reset the counters of this process, and ask Redis again."""
    global _ask_again_at
    _ask_again_at = None
    _here.clear()
