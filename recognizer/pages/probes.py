"""Endpoints for load balancers, monitors and Prometheus."""

import threading
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from recognizer import __version__
from recognizer.middleware.page_policy import GetResponse
from recognizer.monitoring import metrics
from recognizer.running import health, shutdown

SECONDS_KEPT = 1.0
"""Anyone can send probes at any rate, so the services are examined at most once a second."""

_PATHS = ("/healthz", "/readyz")
_lock = threading.Lock()
_kept: tuple[float, dict[str, health.ServiceHealth]] = (float("-inf"), {})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process takes requests; no other service is examined.

    503 once the process was asked to end, so that a proxy sends further requests elsewhere.
    """
    if shutdown.is_under_way():
        answer = JsonResponse({"state": "ending"}, status=503)
        answer._has_been_logged = True  # type: ignore[attr-defined]  # not an error
        return answer
    return JsonResponse({"state": health.OK})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The release, and each part's state and reason; 503 if one has failed.

    `?exclude=` names parts whose failure does not count.
    """
    parts = _parts()
    excluded = set(request.GET.getlist("exclude"))
    state = health.overall({name: parts[name] for name in parts if name not in excluded})
    shown = {name: {"state": part.state, "reason": part.reason} for name, part in parts.items()}
    status = 503 if state == health.FAILED else 200
    answer = {"state": state, "version": __version__, "parts": shown}
    return JsonResponse(answer, status=status)


def _parts() -> dict[str, health.ServiceHealth]:
    """The last result; while one thread examines the services, others return the old one."""
    global _kept
    due = time.monotonic() - _kept[0] > SECONDS_KEPT
    if due and _lock.acquire(blocking=not _kept[1]):
        try:
            found = health.examine()
            _kept = (time.monotonic(), found)
        finally:
            _lock.release()
    return _kept[1]


def forget() -> None:
    """Forget the last result, so that the next probe examines the services again."""
    global _kept
    _kept = (float("-inf"), {})


def answer_probes(get_response: GetResponse) -> GetResponse:
    """Middleware: answer probes before the host check and the redirect to HTTPS.

    A load balancer probes each process by its address, without TLS.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in _PATHS:
            return get_response(request)
        request.resolver_match = match = resolve(request.path_info)
        answer: HttpResponse = match.func(request)
        return answer

    return middleware


@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Metrics for Prometheus, which sends METRICS_TOKEN as a bearer token, and for staff."""
    if not (_has_token(request) or _is_staff(request)):
        answer = HttpResponse("A token or staff's session is needed.\n", status=401)
        answer.headers["Content-Type"] = "text/plain; charset=utf-8"
        answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and constant_time_compare(given, wanted)


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_active and getattr(request.user, "is_staff", False)
