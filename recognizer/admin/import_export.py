"""Export drawings from the list to a file, and import them from one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer import exchange
from recognizer.admin.read_only import ReadOnlyAdmin, selected, staff
from recognizer.language.formats import grouped
from recognizer.models import Drawing, StaffAct
from recognizer.monitoring import audit


class ImportForm(forms.Form):
    file = forms.FileField(help_text=gettext_lazy("An exported file: NPZ, CSV with PNGs, or IDX."))
    approve = forms.BooleanField(
        required=False,
        label=gettext_lazy("Approve labels that are approved in the file, in my name"),
        help_text=gettext_lazy("Otherwise they wait for review as suggestions."),
    )


class ExchangeAdmin(ReadOnlyAdmin[Drawing]):
    """Actions that export the selected drawings, and a page that imports."""

    @admin.action(
        description=gettext_lazy("Export as NPZ, everything in arrays"), permissions=["act"]
    )
    def export_npz(
        self, request: HttpRequest, drawings: QuerySet[Drawing]
    ) -> StreamingHttpResponse:
        return _download(request, drawings, "npz")

    @admin.action(
        description=gettext_lazy("Export as CSV with PNGs, everything"), permissions=["act"]
    )
    def export_csv(
        self, request: HttpRequest, drawings: QuerySet[Drawing]
    ) -> StreamingHttpResponse:
        return _download(request, drawings, "csv")

    @admin.action(
        description=gettext_lazy("Export as IDX, only images and digits"), permissions=["act"]
    )
    def export_idx(
        self, request: HttpRequest, drawings: QuerySet[Drawing]
    ) -> StreamingHttpResponse:
        return _download(request, drawings, "idx")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = {"may_import": self.has_act_permission(request)}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="recognizer_drawing_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Show a form for a file; import all of its drawings, or none."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
        if form.is_valid() and self._import(request, form):
            return HttpResponseRedirect(reverse("admin:recognizer_drawing_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import drawings"),
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "most_bytes": settings.MAX_BODY_BYTES,
            "most_drawings": exchange.ON_THE_WEB.drawings,
        }
        return TemplateResponse(request, "admin/recognizer/drawing/import.html", context)

    def _import(self, request: HttpRequest, form: ImportForm) -> bool:
        try:
            imported = exchange.import_drawings(
                form.cleaned_data["file"],
                exchange.ON_THE_WEB,
                by=staff(request),
                approve=form.cleaned_data["approve"],
            )
        except exchange.ExchangeError as error:
            form.add_error("file", _("Nothing was imported.") + f" {error}")
            return False
        counted = f"{imported.created:,} drawings from {form.cleaned_data['file'].name}"
        audit.note(request, StaffAct.Act.IMPORT, counted)
        self.message_user(
            request,
            _("Imported: %(created)s. Already present: %(skipped)s.")
            % {"created": grouped(imported.created), "skipped": grouped(imported.skipped)},
            messages.SUCCESS if imported.created else messages.WARNING,
        )
        return True


def _download(
    request: HttpRequest, drawings: QuerySet[Drawing], file_format: str
) -> StreamingHttpResponse:
    chosen = selected(drawings)
    name = exchange.filename(file_format)
    audit.note(request, StaffAct.Act.EXPORT, f"{name}: {audit.these(chosen)}")
    return StreamingHttpResponse(
        exchange.export(chosen, file_format),
        content_type="application/octet-stream" if file_format == "npz" else "application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
