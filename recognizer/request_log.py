"""Every request gets an id, is counted and timed, and in JSON logs leaves one line."""

import hashlib
import logging
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from recognizer import metrics, request_ids
from recognizer.middleware import GetResponse

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

logger = logging.getLogger("recognizer.access")


def log_requests(get_response: GetResponse) -> GetResponse:
    """Comes first of all, so that it sees what the others answer too."""
    writes_lines = settings.LOG_FORMAT == "json"

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        identity = request_ids.sane_or_new(request.META.get("HTTP_X_REQUEST_ID"))
        token = request_ids.current.set(identity)
        response = get_response(request)
        seconds = time.perf_counter() - started
        method = request.method or ""
        method = method if method in _METHODS else "OTHER"
        route = _route(request)
        metrics.count_request(method, route, response.status_code, seconds)
        response.headers[request_ids.HEADER] = identity
        if writes_lines:
            fields = {
                "method": method,
                "route": route,
                "status": response.status_code,
                "ms": round(seconds * 1000, 2),
                **_who(request),
            }
            logger.info("%s %s %d", method, route, response.status_code, extra={"fields": fields})
        if not response.streaming:
            # What streams is still being made, and may have something to say.
            request_ids.current.reset(token)
        return response

    return middleware


def _route(request: HttpRequest) -> str:
    """The route's name. A path would be without end in number, and may hold a secret link."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "unmatched"


def _who(request: HttpRequest) -> dict[str, int | str]:
    """The user where the view looked at one, else a pseudonym of the session; costs no query."""
    user = getattr(request, "_cached_user", None)
    if user is not None and user.pk is not None:
        return {"user": user.pk}
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not session:
        return {}
    key = hashlib.blake2b(settings.SECRET_KEY.encode()).digest()
    return {"session": hashlib.blake2b(session.encode(), key=key, digest_size=6).hexdigest()}
