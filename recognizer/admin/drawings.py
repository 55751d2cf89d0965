from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from recognizer import tasks
from recognizer.admin.desk import DeskAdmin
from recognizer.admin.drawing_filters import (
    ConfidenceFilter,
    DigitFilter,
    HeldOutFilter,
    LabelFilter,
    SourceFilter,
    VersionFilter,
)
from recognizer.admin.drawing_search import names_a_class, search
from recognizer.admin.every_version import by_every_version
from recognizer.admin.forget_page import ForgettingAdmin
from recognizer.admin.import_export import ExchangeAdmin
from recognizer.admin.keyset_lists import KeysetAdmin, count_at_most
from recognizer.admin.read_only import may_change, selected, staff
from recognizer.admin.replay_pages import ReplayingAdmin
from recognizer.admin.thumbnails import (
    agrees,
    as_drawn,
    percent,
    reading,
    short_time,
    thumbnail,
    visitor_name,
)
from recognizer.drawings import review
from recognizer.language.formats import label_in_words
from recognizer.models import Drawing, Label, ModelVersion, Prediction, Review, StaffAct
from recognizer.monitoring import audit
from recognizer.training import retraining

MOST_WAITING = 1000
"""Drawings with a suggested label are counted up to this number."""


@admin.register(Drawing)
class DrawingAdmin(KeysetAdmin, DeskAdmin, ExchangeAdmin, ForgettingAdmin, ReplayingAdmin):
    change_form_template = "admin/recognizer/drawing/change_form.html"
    change_list_template = "admin/recognizer/drawing/change_list.html"
    date_hierarchy = "created_at"
    list_per_page = 50
    list_display = [
        "picture_seen",
        "read",
        "confidence",
        "label",
        "version",
        "owner",
        "drawn_at",
    ]
    list_display_links = ["picture_seen", "read"]
    list_filter = [
        DigitFilter,
        ConfidenceFilter,
        LabelFilter,
        "created_at",
        ("source", SourceFilter),
        ("held_out", HeldOutFilter),
        VersionFilter,
    ]
    search_fields = ["public_id"]  # shows the search box; `get_search_results` searches
    search_help_text = gettext_lazy(
        "Beginning of an id, part of a user name, a label or a prediction."
    )
    fields = ["public_id", "created_at", "owner", "source", "canvas", "held_out"]
    actions = [
        "approve_suggestions",
        "refuse_suggestions",
        "approve_readings",
        "retrain_on_selected",
        "retrain_on_all_approved",
        "replay",
        "export_npz",
        "export_csv",
        "export_idx",
    ]
    actions_without_selection = ("retrain_on_all_approved",)

    def has_delete_permission(self, request: HttpRequest, obj: Drawing | None = None) -> bool:
        return request.user.has_perm("recognizer.delete_drawing")

    def has_retrain_permission(self, request: HttpRequest) -> bool:
        return may_change(request, "trainingrun")

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Drawing]) -> Any:
        audit.note(request, StaffAct.Act.DELETE, audit.these(queryset))
        return super().log_deletions(request, queryset)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Labels and decisions are deleted only with their drawing.
        objects, counts, lacking, protected = super().get_deleted_objects(objs, request)
        follow = {Label._meta.verbose_name, Review._meta.verbose_name}
        return objects, counts, lacking - follow, protected

    def get_queryset(self, request: HttpRequest) -> QuerySet[Drawing]:
        return (
            super()
            .get_queryset(request)
            .select_related("user")
            .defer("ink", "picture")
            .prefetch_related("predictions__version", "labels")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Drawing], search_term: str
    ) -> tuple[QuerySet[Drawing], bool]:
        return search(queryset, search_term), False

    def searches_one_by_one(self, term: str) -> bool:
        return names_a_class(term)

    @admin.display(description=gettext_lazy("drawing"))
    def picture_seen(self, drawing: Drawing) -> SafeString:
        return thumbnail(drawing)

    @admin.display(description=gettext_lazy("prediction"))
    def read(self, drawing: Drawing) -> SafeString:
        return format_html('<span class="hw-read">{}</span>', reading(drawing.predictions.served()))

    @admin.display(description=gettext_lazy("confidence"))
    def confidence(self, drawing: Drawing) -> str:
        prediction = drawing.predictions.served()
        return percent(prediction.confidence) if prediction else "-"

    @admin.display(description=gettext_lazy("label"))
    def label(self, drawing: Drawing) -> SafeString | str:
        label = drawing.labels.current()
        if label is None:
            return "-"
        return format_html(
            '{} <span class="hw-state hw-{}">{}{}</span>',
            label_in_words(label.value),
            label.state,
            label.get_state_display(),
            "" if agrees(label.value, drawing.predictions.served()) else _(", differs"),
        )

    @admin.display(description=gettext_lazy("version"))
    def version(self, drawing: Drawing) -> str:
        prediction = drawing.predictions.served()
        return str(prediction.version.number) if prediction else "-"

    @admin.display(description=gettext_lazy("owner"))
    def owner(self, drawing: Drawing) -> str:
        if drawing.user is not None:
            return drawing.user.get_username()
        return visitor_name(drawing.visitor)

    @admin.display(description=gettext_lazy("drawn at"), ordering="created_at")
    def drawn_at(self, drawing: Drawing) -> SafeString:
        return short_time(drawing.created_at)

    @admin.display(description=gettext_lazy("canvas"))
    def canvas(self, drawing: Drawing) -> str:
        return f"{drawing.width} x {drawing.height} px"

    @admin.action(description=gettext_lazy("Approve the suggested labels"), permissions=["act"])
    def approve_suggestions(self, request: HttpRequest, drawings: QuerySet[Drawing]) -> None:
        count = _decide(request, StaffAct.Act.APPROVE, drawings, review.approve_suggestions)
        self._tell(request, _("%(labels)s approved."), count)

    @admin.action(description=gettext_lazy("Refuse the suggested labels"), permissions=["act"])
    def refuse_suggestions(self, request: HttpRequest, drawings: QuerySet[Drawing]) -> None:
        count = _decide(request, StaffAct.Act.REFUSE, drawings, review.refuse_suggestions)
        self._tell(request, _("%(labels)s refused."), count)

    @admin.action(description=gettext_lazy("Approve the predictions"), permissions=["act"])
    def approve_readings(self, request: HttpRequest, drawings: QuerySet[Drawing]) -> None:
        chosen, act = selected(drawings).count(), StaffAct.Act.APPROVE
        count = _decide(request, act, drawings, review.approve_readings, of="what was read in ")
        words = _("%(labels)s approved as predicted.")
        if count < chosen:
            words += " " + _("Drawings that have a label or no prediction are not changed.")
        self._tell(request, words, count)

    def _tell(self, request: HttpRequest, words: str, count: int) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, words % {"labels": _labels(count)}, level)

    @admin.action(
        description=gettext_lazy("Retrain on the selected drawings"), permissions=["retrain"]
    )
    def retrain_on_selected(
        self, request: HttpRequest, drawings: QuerySet[Drawing]
    ) -> HttpResponse | None:
        return self._retrain(request, selected(drawings))

    @admin.action(
        description=gettext_lazy("Retrain on all approved drawings"), permissions=["retrain"]
    )
    def retrain_on_all_approved(
        self, request: HttpRequest, drawings: QuerySet[Drawing]
    ) -> HttpResponse | None:
        return self._retrain(request, Drawing.objects.approved())

    def _retrain(self, request: HttpRequest, drawings: QuerySet[Drawing]) -> HttpResponse | None:
        try:
            run = retraining.request_run(drawings, by=staff(request))
        except retraining.RetrainingError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        audit.note(request, StaffAct.Act.RETRAIN, f"{run}: {run.drawings_in_words}")
        if tasks.hand_over(run):
            self.message_user(
                request,
                _("%(run)s is queued: %(drawings)s.")
                % {"run": run, "drawings": run.drawings_in_words},
                messages.SUCCESS,
            )
        else:
            self.message_user(
                request,
                _("%(run)s is queued and starts as soon as a worker is available: %(drawings)s.")
                % {"run": run, "drawings": run.drawings_in_words},
                messages.WARNING,
            )
        return HttpResponseRedirect(reverse("admin:recognizer_trainingrun_change", args=[run.pk]))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        waiting = count_at_most(Drawing.objects.filter(is_suggested=True), MOST_WAITING)
        return super().changelist_view(
            request,
            {
                "waiting": waiting,
                "may_review": self.has_act_permission(request),
                **(extra_context or {}),
            },
        )

    def get_urls(self) -> list[URLPattern]:
        label = self.admin_site.admin_view(require_POST(self.label_view))
        return [
            path("<int:pk>/label/", label, name="recognizer_drawing_label"),
            *super().get_urls(),
        ]

    def label_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Label a drawing and approve that label in one step."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        drawing = get_object_or_404(Drawing, pk=pk)
        value = request.POST.get("value", "")
        if value not in ModelVersion.objects.choices():
            return HttpResponseBadRequest(_("There is no such label."))
        review.label_as(drawing, value, staff(request))
        audit.note(request, StaffAct.Act.LABEL, f"{drawing}: {value}")
        words = _("%(drawing)s is labelled %(value)s.")
        words %= {"drawing": drawing, "value": label_in_words(value)}
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:recognizer_drawing_change", args=[pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        drawing: Drawing = context["original"]
        label, served = drawing.labels.current(), drawing.predictions.served()
        context |= {
            "drawing": drawing,
            "as_drawn": as_drawn(drawing),
            "symbols": _bars(served),
            "choices": ModelVersion.objects.choices() if self.has_act_permission(request) else [],
            "approved": label.value if label and label.state == Label.State.APPROVED else None,
            "served": served,
            "read": reading(served),
            "predictions": [_row(row) for row in drawing.predictions.all()],
            "labels": drawing.labels.select_related("given_by", "decided_by"),
            "runs": drawing.runs.order_by("-pk"),
            "may_forget": self.has_delete_permission(request),
            **by_every_version(drawing),
        }
        return super().render_change_form(request, context, *args, **kwargs)


def _decide(
    request: HttpRequest,
    act: StaffAct.Act,
    drawings: QuerySet[Drawing],
    decide: Callable[[QuerySet[Drawing], User], int],
    *,
    of: str = "",
) -> int:
    """Decide on the labels of these drawings, log it and return their number."""
    chosen = selected(drawings)
    names = audit.these(chosen)
    count = decide(chosen, staff(request))
    if count:
        audit.note(request, act, f"{_labels(count)}: {of}{names}")
    return count


def _labels(count: int) -> str:
    return ngettext("%(count)s label", "%(count)s labels", count) % {"count": count}


def _bars(prediction: Prediction | None) -> list[list[dict[str, str]]]:
    """For each symbol: each class, its share for <meter>, and the same as a percentage."""
    symbols = prediction.symbols if prediction else []
    return [
        [
            {"label": label, "share": f"{share:.6f}", "percent": percent(share)}
            for label, share in symbol["probabilities"].items()
        ]
        for symbol in symbols
    ]


def _row(prediction: Prediction) -> dict[str, Any]:
    return {
        "version": prediction.version,
        "read": reading(prediction),
        "confidence": percent(prediction.confidence),
        "served": prediction.served,
        "created_at": prediction.created_at,
    }
