from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from recognizer import tasks
from recognizer.admin import active_on, verdicts
from recognizer.admin.read_only import ReadOnlyAdmin, may_view, staff
from recognizer.admin.replay_pages import AGAINST, THROUGH, replay_page
from recognizer.admin.thumbnails import percent, thumbnail
from recognizer.backing.storage import StorageAwayError, on_this_host
from recognizer.drawings import forgetting
from recognizer.language.formats import grouped, label_in_words, with_decimals
from recognizer.models import ModelVersion, Promotion, StaffAct
from recognizer.monitoring import audit
from recognizer.registry import promotion

EXAMPLES_SHOWN = 60

MEASURED_ON = {
    "mnist_test": gettext_lazy("MNIST test images"),
    "validation": gettext_lazy("Validation images"),
}


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    change_form_template = "admin/recognizer/modelversion/change_form.html"
    change_list_template = "admin/recognizer/modelversion/change_list.html"
    list_display = [
        "name",
        "state_shown",
        "architecture",
        "mnist_accuracy",
        "size",
        "created_at",
        "run_shown",
    ]
    list_filter = ["state", "architecture", "created_at"]
    list_select_related = ["run"]
    search_fields = ["=number", "architecture", "^sha256"]
    fields = [
        "architecture",
        "classes_shown",
        "size",
        "sha256",
        "weights_sha256",
        "web_sha256",
        "created_at",
    ]
    actions = ["promote", "judge", "roll_back"]
    actions_without_selection = ("roll_back",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        # With a bucket, each row would cost a request.
        return [name for name in self.list_display if name != "size" or on_this_host()]

    @admin.display(description=gettext_lazy("version"), ordering="number")
    def name(self, version: ModelVersion) -> str:
        return str(version)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, version: ModelVersion) -> SafeString:
        return format_html(
            '<span class="hw-state hw-{}">{}</span>', version.state, version.get_state_display()
        )

    @admin.display(description=gettext_lazy("MNIST accuracy"))
    def mnist_accuracy(self, version: ModelVersion) -> str:
        return percent(accuracy(version, "mnist_test"), 2)

    @admin.display(description=gettext_lazy("size"))
    def size(self, version: ModelVersion) -> str:
        try:
            return filesizeformat(version.artifact.size)
        except StorageAwayError:
            return "?"
        except OSError:
            return _("missing")

    @admin.display(description=gettext_lazy("classes"))
    def classes_shown(self, version: ModelVersion) -> str:
        return " ".join(map(label_in_words, version.classes))

    @admin.display(description=gettext_lazy("run"), ordering="run")
    def run_shown(self, version: ModelVersion) -> SafeString | str:
        if version.run is None:
            return _("shipped")
        url = reverse("admin:recognizer_trainingrun_change", args=[version.run.pk])
        return format_html('<a href="{}">{}</a>', url, version.run)

    @admin.action(description=gettext_lazy("Promote the selected version"), permissions=["act"])
    def promote(
        self, request: HttpRequest, versions: QuerySet[ModelVersion]
    ) -> HttpResponse | None:
        chosen = list(versions)
        if len(chosen) == 1:
            return self._promote(request, chosen[0])
        self.message_user(request, _("Select exactly one version."), messages.ERROR)
        return None

    @admin.action(description=gettext_lazy("Compare with the active version"), permissions=["act"])
    def judge(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
        for version in versions:
            self._evaluate(request, version)

    @admin.action(
        description=gettext_lazy("Roll back to the previous version"), permissions=["act"]
    )
    def roll_back(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
        self._roll_back(request)

    def _promote(
        self, request: HttpRequest, version: ModelVersion, reason: str = "", override: bool = False
    ) -> HttpResponse | None:
        """Promote a version, or return the page that asks for a reason if it has not passed."""
        try:
            done = promotion.promote(version, by=staff(request), reason=reason, override=override)
        except promotion.NotPassedError as error:
            return self._ask_for_a_reason(request, version, str(error), reason, again=override)
        except promotion.PromotionError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            audit.note(request, *audit.promoted(done))
            self.message_user(
                request, _("%(version)s is active now.") % {"version": version}, messages.SUCCESS
            )
        return None

    def _ask_for_a_reason(
        self, request: HttpRequest, version: ModelVersion, objection: str, reason: str, again: bool
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Promote %(version)s without a passed verdict?") % {"version": version},
            "version": version,
            "objection": objection,
            "reason": reason,
            "missing": again,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/recognizer/modelversion/override.html", context)

    def _evaluate(self, request: HttpRequest, version: ModelVersion) -> None:
        if version.state == ModelVersion.State.ACTIVE:
            self.message_user(
                request,
                _("%(version)s is active: there is nothing to compare.") % {"version": version},
                messages.ERROR,
            )
        elif tasks.hand_over_evaluation(version):
            audit.note(request, StaffAct.Act.JUDGE, str(version))
            self.message_user(
                request,
                _(
                    "A worker compares %(version)s with the active version; its page shows the"
                    " verdict in about a minute."
                )
                % {"version": version},
                messages.SUCCESS,
            )
        else:
            self.message_user(
                request, _("No worker can be reached now; try again later."), messages.ERROR
            )

    def _roll_back(self, request: HttpRequest, reason: str = "") -> None:
        try:
            version = promotion.roll_back(by=staff(request), reason=reason)
        except promotion.PromotionError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            audit.note(request, StaffAct.Act.ROLL_BACK, audit.because(str(version), reason))
            words = _("Rolled back: %(version)s is active now.") % {"version": version}
            self.message_user(request, words, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        promote = self.admin_site.admin_view(require_POST(self.promote_view))
        judge = self.admin_site.admin_view(require_POST(self.judge_view))
        roll_back = self.admin_site.admin_view(require_POST(self.roll_back_view))
        return [
            path("<int:pk>/promote/", promote, name="recognizer_modelversion_promote"),
            path("<int:pk>/judge/", judge, name="recognizer_modelversion_judge"),
            path("roll-back/", roll_back, name="recognizer_modelversion_roll_back"),
            *super().get_urls(),
        ]

    def promote_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_act_permission(request):
            raise PermissionDenied
        version = get_object_or_404(ModelVersion, pk=pk)
        reason = request.POST.get("reason", "").strip()
        question = self._promote(request, version, reason, override="override" in request.POST)
        return question or HttpResponseRedirect(_page(version))

    def judge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_act_permission(request):
            raise PermissionDenied
        version = get_object_or_404(ModelVersion, pk=pk)
        self._evaluate(request, version)
        return HttpResponseRedirect(_page(version))

    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_act_permission(request):
            raise PermissionDenied
        self._roll_back(request, request.POST.get("reason", "").strip())
        return HttpResponseRedirect(reverse("admin:recognizer_modelversion_changelist"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_act": self.has_act_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context | active_on.context(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        version: ModelVersion = context["original"]
        active = ModelVersion.objects.active()
        context |= {
            "version": version,
            "active": active,
            "comparison": comparison(version, active),
            "confusions": confusions(version),
            "may_act": self.has_act_permission(request),
            "promotions": history(version),
            "answered": version.predictions.filter(served=True).count(),
            "forgotten": forgetting.forgotten_behind(version),
            "replay_page": _replay_page(request, version, active),
            **verdicts.context(version, active),
            **_origin(version),
        }
        return super().render_change_form(request, context, *args, **kwargs)


def _replay_page(
    request: HttpRequest, version: ModelVersion, active: ModelVersion | None
) -> str | None:
    """The URL that replays labelled drawings, beside the active version if that is another."""
    if not may_view(request, "drawing"):
        return None
    against = {AGAINST: active.number} if active and active != version else {}
    return replay_page({"label": "approved", THROUGH: version.number, **against})


def _page(version: ModelVersion) -> str:
    return reverse("admin:recognizer_modelversion_change", args=[version.pk])


def _origin(version: ModelVersion) -> dict[str, Any]:
    if version.run is None:
        return {"examples": [], "examples_count": 0}
    examples = (
        version.run.examples.select_related("drawing")
        .defer("drawing__ink", "drawing__picture")
        .order_by("pk")
    )
    return {
        "examples": [
            (example, thumbnail(example.drawing)) for example in examples[:EXAMPLES_SHOWN]
        ],
        "examples_count": examples.count(),
    }


def history(version: ModelVersion) -> QuerySet[Promotion]:
    """When this version became active, and when another replaced it."""
    promotions = Promotion.objects.filter(version=version) | Promotion.objects.filter(
        replaced=version
    )
    return promotions.select_related("version", "replaced", "promoted_by")


def accuracy(version: ModelVersion, measured_on: str) -> float | None:
    value = (version.metrics.get(measured_on) or {}).get("accuracy")
    return None if value is None else float(value)


def comparison(version: ModelVersion, active: ModelVersion | None) -> list[dict[str, Any]]:
    """A row for each image set: this version beside the active one."""
    rows = []
    for key, name in MEASURED_ON.items():
        measured = version.metrics.get(key) or {}
        if "accuracy" not in measured:
            continue
        other = accuracy(active, key) if active else None
        rows.append(
            {
                "name": str(name),
                "accuracy": percent(measured["accuracy"], 2),
                "interval": _interval(measured),
                "errors": _errors(measured),
                "calibration": percent(measured.get("expected_calibration_error"), 2),
                "active": percent(other, 2),
                "difference": _difference(measured["accuracy"], other),
            }
        )
    return rows


def _interval(measured: dict[str, Any]) -> str:
    if "interval" not in measured:
        return "-"
    low, high = measured["interval"]
    return _("%(low)s to %(high)s") % {"low": percent(low, 2), "high": percent(high, 2)}


def _errors(measured: dict[str, Any]) -> str:
    if "errors" not in measured or "samples" not in measured:
        return "-"
    return _("%(part)s of %(all)s") % {
        "part": grouped(measured["errors"]),
        "all": grouped(measured["samples"]),
    }


def _difference(mine: float, other: float | None) -> str:
    if other is None:
        return "-"
    points = with_decimals(f"{(mine - other) * 100:+.2f}")
    return _("%(points)s points") % {"points": points}


def confusions(version: ModelVersion) -> list[dict[str, Any]]:
    """Each measured set's confusion matrix as rows of cells, shaded by their mistakes."""
    return [
        {
            "name": name,
            "classes": measured["classes"],
            "rows": _rows(measured["confusion"], measured["classes"]),
        }
        for key, name in MEASURED_ON.items()
        if "confusion" in (measured := version.metrics.get(key) or {})
    ]


def _rows(confusion: list[list[int]], classes: list[str]) -> list[dict[str, Any]]:
    mistakes = [
        count
        for true, counts in enumerate(confusion)
        for read, count in enumerate(counts)
        if true != read
    ]
    worst = max([1, *mistakes])
    return [
        {
            "true": classes[true],
            "cells": [
                {"count": count, "css": _css(count, true == read, worst)}
                for read, count in enumerate(counts)
            ],
        }
        for true, counts in enumerate(confusion)
    ]


def _css(count: int, right: bool, worst: int) -> str:
    if right:
        return "hw-right"
    # Four steps of red: a style attribute would need a looser content security policy.
    return f"hw-wrong-{-(-4 * count // worst)}"
