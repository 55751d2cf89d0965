"""Gives every request an id, counts and times it, and writes a line to JSON logs."""

import hashlib
import logging
import time
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from recognizer.middleware.page_policy import GetResponse
from recognizer.monitoring import metrics, request_ids

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

logger = logging.getLogger("recognizer.access")


def log_requests(get_response: GetResponse) -> GetResponse:
    """Log every request. Must be the first middleware, to see the responses of the others."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        identity = request_ids.sane_or_new(request.META.get("HTTP_X_REQUEST_ID"))
        token = request_ids.current.set(identity)
        response = get_response(request)
        seconds = time.perf_counter() - started
        who = _who(request) if _writes_lines() else {}
        _note(request.method or "", _route(request), response.status_code, seconds, who)
        response.headers[request_ids.HEADER] = identity
        if not response.streaming:
            # A streamed response is still being produced, and may log something.
            request_ids.current.reset(token)
        return response

    return middleware


def note_refusal(method: str, path: str, given: str | None, status: int, seconds: float) -> str:
    """Count and log a request that was refused before Django saw it.

    Args:
        given: the id in the request's headers, if any.

    Returns:
        The request's id, to be sent with the response.
    """
    identity = request_ids.sane_or_new(given)
    token = request_ids.current.set(identity)
    _note(method, _route_of(path), status, seconds, {})
    request_ids.current.reset(token)
    return identity


def _note(
    method: str, route: str, status: int, seconds: float, who: Mapping[str, int | str]
) -> None:
    method = method if method in _METHODS else "OTHER"
    metrics.count_request(method, route, status, seconds)
    if _writes_lines():
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            **who,
        }
        logger.info("%s %s %d", method, route, status, extra={"fields": fields})


def _writes_lines() -> bool:
    return bool(settings.LOG_FORMAT == "json")


def _route(request: HttpRequest) -> str:
    """The route's name. Paths are unlimited in number, and may contain a secret link."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "unmatched"


def _route_of(path: str) -> str:
    """The route's name for a path that is not resolved yet."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return "unmatched"


def _who(request: HttpRequest) -> dict[str, int | str]:
    """The user if the view has loaded one, else a pseudonym of the session; makes no query."""
    user = getattr(request, "_cached_user", None)
    if user is not None and user.pk is not None:
        return {"user": user.pk}
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not session:
        return {}
    key = hashlib.blake2b(settings.SECRET_KEY.encode()).digest()
    return {"session": hashlib.blake2b(session.encode(), key=key, digest_size=6).hexdigest()}
