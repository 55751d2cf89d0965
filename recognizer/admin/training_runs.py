from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from recognizer.admin.read_only import ReadOnlyAdmin, selected
from recognizer.admin.thumbnails import percent, short_time, thumbnail
from recognizer.language import run_messages
from recognizer.language.formats import with_decimals
from recognizer.models import ModelVersion, StaffAct, TrainingExample, TrainingRun
from recognizer.monitoring import audit

EXAMPLES_SHOWN = 200

LIVE = ["state", "epoch", "epochs", "step", "steps", "loss", "accuracy", "history"]
"""What the page shows, beside the stage, before its first request to the API."""


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin[TrainingRun]):
    change_form_template = "admin/recognizer/trainingrun/change_form.html"
    date_hierarchy = "created_at"
    list_display = [
        "name",
        "state_shown",
        "stage_shown",
        "epochs_done",
        "loss_shown",
        "accuracy_shown",
        "drawings_used",
        "version_made",
        "asked_by",
        "asked_at",
    ]
    list_filter = ["state", "created_at", ("requested_by", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["requested_by", "version"]
    search_fields = ["=pk", "requested_by__username", "error"]
    search_help_text = gettext_lazy("A number, the user who requested the run, or an error.")
    fields = [
        "requested_by",
        "base_version",
        "parameters",
        "attempts",
        "created_at",
        "started_at",
        "finished_at",
    ]
    actions = ["cancel"]

    class Media:
        css = {"all": ["recognizer/vendor/uplot-1.6.32/uPlot.min.css"]}
        js = [Script("recognizer/admin/training_run.js", type="module")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRun]:
        examples = TrainingExample.objects.filter(run=OuterRef("pk")).order_by().values("run")
        count = Subquery(examples.annotate(count=Count("pk")).values("count"))
        return super().get_queryset(request).annotate(drawings_count=Coalesce(count, 0))

    @admin.display(description=gettext_lazy("run"), ordering="pk")
    def name(self, run: TrainingRun) -> str:
        return str(run)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, run: TrainingRun) -> SafeString:
        return format_html(
            '<span class="hw-state hw-{}">{}</span>', run.state, run.get_state_display()
        )

    @admin.display(description=gettext_lazy("stage"), ordering="stage")
    def stage_shown(self, run: TrainingRun) -> str:
        return run_messages.in_words(run.stage) or "-"

    @admin.display(description=gettext_lazy("epoch"))
    def epochs_done(self, run: TrainingRun) -> str:
        return f"{run.epoch}/{run.epochs}" if run.epochs else "-"

    @admin.display(description=gettext_lazy("loss"), ordering="loss")
    def loss_shown(self, run: TrainingRun) -> str:
        return "-" if run.loss is None else with_decimals(f"{run.loss:.4f}")

    @admin.display(description=gettext_lazy("accuracy"), ordering="accuracy")
    def accuracy_shown(self, run: TrainingRun) -> str:
        return percent(run.accuracy, 2)

    @admin.display(description=gettext_lazy("drawings"), ordering="drawings_count")
    def drawings_used(self, run: TrainingRun) -> int:
        return int(getattr(run, "drawings_count", 0)) + run.forgotten_drawings

    @admin.display(description=gettext_lazy("version"))
    def version_made(self, run: TrainingRun) -> SafeString | str:
        version = version_of(run)
        if version is None:
            return "-"
        url = reverse("admin:recognizer_modelversion_change", args=[version.pk])
        return format_html('<a href="{}">{}</a>', url, version)

    @admin.display(description=gettext_lazy("by"), ordering="requested_by__username")
    def asked_by(self, run: TrainingRun) -> str:
        return run.requested_by.get_username() if run.requested_by else "-"

    @admin.display(description=gettext_lazy("requested at"), ordering="created_at")
    def asked_at(self, run: TrainingRun) -> SafeString:
        return short_time(run.created_at)

    @admin.action(description=gettext_lazy("Cancel the selected runs"), permissions=["act"])
    def cancel(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        self._cancel(request, selected(runs))

    def _cancel(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        names = audit.these(runs.filter(state__in=TrainingRun.UNDER_WAY))
        count = cancel(runs)
        if count:
            audit.note(request, StaffAct.Act.CANCEL, names)
            self.message_user(
                request, _("Cancelled: %(count)s.") % {"count": count}, messages.SUCCESS
            )
        else:
            self.message_user(request, _("Nothing to cancel: the run has ended."), messages.WARNING)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.cancel_view))
        return [
            path("<int:pk>/cancel/", view, name="recognizer_trainingrun_cancel"),
            *super().get_urls(),
        ]

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_act_permission(request):
            raise PermissionDenied
        get_object_or_404(TrainingRun, pk=pk)
        self._cancel(request, TrainingRun.objects.filter(pk=pk))
        return HttpResponseRedirect(reverse("admin:recognizer_trainingrun_change", args=[pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run: TrainingRun = context["original"]
        examples = (
            run.examples.select_related("drawing")
            .defer("drawing__ink", "drawing__picture")
            .order_by("pk")
        )
        context |= {
            "run": run,
            "version": version_of(run),
            "api_url": reverse("training-run-detail", args=[run.pk]),
            "live": {
                **{name: getattr(run, name) for name in LIVE},
                "stage": run_messages.in_words(run.stage),
            },
            "loss": self.loss_shown(run),
            "accuracy": self.accuracy_shown(run),
            "may_cancel": not run.is_over and self.has_act_permission(request),
            "examples": [
                (example, thumbnail(example.drawing)) for example in examples[:EXAMPLES_SHOWN]
            ],
            "examples_count": examples.count(),
            "drawings_used": self.drawings_used(run),
        }
        return super().render_change_form(request, context, *args, **kwargs)


def cancel(runs: QuerySet[TrainingRun]) -> int:
    """Cancel runs that are not over; return how many. A worker stops a running one itself."""
    return runs.filter(state__in=TrainingRun.UNDER_WAY).update(
        state=TrainingRun.State.CANCELLED, finished_at=timezone.now()
    )


def version_of(run: TrainingRun) -> ModelVersion | None:
    """The version that a run produced, if any."""
    return getattr(run, "version", None)
