"""The review desk: one drawing after another, each decided with one key."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from ml.contract import NOT_A_DIGIT
from recognizer.admin.desk_items import fresh_item, items, last_in_words, who_was_faster
from recognizer.admin.read_only import ReadOnlyAdmin, staff
from recognizer.drawings import review
from recognizer.models import Drawing, ModelVersion, Review, StaffAct
from recognizer.monitoring import audit

AT_ONCE = 12
COUNTED = 1000


class BadDeskRequestError(ValueError):
    """A request that the page never sends; the message says what is wrong."""


class DeskAdmin(ReadOnlyAdmin[Drawing]):
    """Adds the desk's page and its endpoints to the admin of drawings."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(ensure_csrf_cookie(require_GET(self.desk_view)))
        name = "recognizer_drawing_desk"
        return [
            path("desk/", page, name=name),
            *(
                path(f"desk/{what}/", self.admin_site.admin_view(view), name=f"{name}_{what}")
                for what, view in {
                    "next": require_GET(self.next_view),
                    "decide": require_POST(self.decide_view),
                    "undo": require_POST(self.undo_view),
                    "counts": require_GET(self.counts_view),
                }.items()
            ),
            *super().get_urls(),
        ]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        self._allow(request)
        queue = request.GET.get("queue", Review.Queue.UNREVIEWED)
        if queue not in Review.Queue:
            raise Http404(_("There is no such queue."))
        urls = {
            what: reverse(f"admin:recognizer_drawing_desk_{what}")
            for what in ("next", "decide", "undo", "counts")
        }
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": _("Review desk"),
            "queue": queue,
            "queues": Review.Queue.choices,
            "symbols": [name for name in ModelVersion.objects.choices() if name != NOT_A_DIGIT],
            "not_a_digit": NOT_A_DIGIT,
            "desk": {"queue": queue, "urls": urls, "notADigit": NOT_A_DIGIT, **_last(request)},
        }
        return render(request, "admin/recognizer/drawing/desk.html", context)

    def next_view(self, request: HttpRequest) -> JsonResponse:
        """The drawings after a cursor in a queue; at its start also how many are left."""
        self._allow(request)
        queue, cursor = request.GET.get("queue", ""), request.GET.get("after", "")
        if queue not in Review.Queue:
            return _refusal(400, _("There is no such queue."))
        try:
            found = review.next_in_queue(queue, cursor, AT_ONCE)
        except ValueError:
            return _refusal(400, _("There is no such position in the queue."))
        answer: dict[str, Any] = {"items": items(queue, found), "end": len(found) < AT_ONCE}
        if not cursor:
            answer |= {"left": review.left(queue, COUNTED + 1), "counted": COUNTED}
        return JsonResponse(answer)

    def counts_view(self, request: HttpRequest) -> JsonResponse:
        """How many drawings wait in each queue, fetched after the page has loaded."""
        self._allow(request)
        counts = {queue: review.left(queue, COUNTED + 1) for queue in Review.Queue.values}
        return JsonResponse({"counts": counts, "counted": COUNTED})

    def decide_view(self, request: HttpRequest) -> JsonResponse:
        self._allow(request)
        try:
            pk, seen, decision = _decision(_body(request))
            decided = review.decide(pk, decision, seen=seen, by=staff(request))
            audit.note(request, StaffAct.Act.REVIEW, str(decided))
            return JsonResponse({"item": fresh_item(pk), **_last(request)})
        except BadDeskRequestError as error:
            return _refusal(400, str(error))
        except Drawing.DoesNotExist:
            return _refusal(404, _("That drawing has been deleted."))
        except review.ChangedMeanwhileError:
            now = fresh_item(pk)
            return _refusal(409, who_was_faster(now), item=now)

    def undo_view(self, request: HttpRequest) -> JsonResponse:
        self._allow(request)
        try:
            pk = _body(request).get("decision")
            if not isinstance(pk, int):
                raise BadDeskRequestError(_("Expected the number of a decision."))
            drawing = review.undo(pk, by=staff(request))
            audit.note(request, StaffAct.Act.UNDO, f"decision {pk} on {drawing}")
            return JsonResponse({"item": fresh_item(drawing.pk), **_last(request)})
        except BadDeskRequestError as error:
            return _refusal(400, str(error))
        except (Review.DoesNotExist, Drawing.DoesNotExist):
            return _refusal(404, _("That decision or its drawing no longer exists."))
        except review.ChangedMeanwhileError:
            return _refusal(409, _("Not undone: there is a newer decision on that drawing."))

    def _allow(self, request: HttpRequest) -> None:
        if not self.has_act_permission(request):
            raise PermissionDenied


def _last(request: HttpRequest) -> dict[str, Any]:
    return {"last": last_in_words(review.last_decision(staff(request)))}


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise BadDeskRequestError(_("That is not JSON.")) from None
    if not isinstance(body, dict):
        raise BadDeskRequestError(_("Expected an object."))
    return body


def _decision(body: dict[str, Any]) -> tuple[int, str, review.DeskDecision]:
    """The drawing, its state as the page showed it, and the decision."""
    pk, seen = body.get("drawing"), body.get("seen")
    queue, verdict, value = (body.get(name) for name in ("queue", "verdict", "value"))
    if not isinstance(pk, int) or not isinstance(seen, str):
        raise BadDeskRequestError(_("Expected a drawing and its state as shown."))
    if queue not in Review.Queue or verdict not in Review.Verdict:
        raise BadDeskRequestError(_("There is no such queue or decision."))
    if verdict != Review.Verdict.LABEL:
        return pk, seen, review.DeskDecision(str(queue), str(verdict))
    if value not in ModelVersion.objects.choices():
        raise BadDeskRequestError(_("There is no such label."))
    return pk, seen, review.DeskDecision(str(queue), str(verdict), str(value))


def _refusal(status: int, detail: str, **more: Any) -> JsonResponse:
    return JsonResponse({"detail": detail, **more}, status=status)
