"""The page that asks for confirmation before a contributor is forgotten."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recognizer.admin.read_only import ReadOnlyAdmin, staff
from recognizer.drawings import forgetting
from recognizer.drawings.forgetting import Contributor
from recognizer.language.formats import grouped
from recognizer.models import Drawing, StaffAct
from recognizer.monitoring import audit


class ForgettingAdmin(ReadOnlyAdmin[Drawing]):
    """For staff who may delete drawings."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.forget_view)
        return [
            path("<int:pk>/forget/", view, name="recognizer_drawing_forget"),
            *super().get_urls(),
        ]

    def forget_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would be deleted and what has learned from it; on POST, delete it."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        drawing = get_object_or_404(Drawing.objects.select_related("user"), pk=pk)
        contributor = Contributor.of(drawing)
        if request.method == "POST":
            gone = forgetting.forget(contributor, by=staff(request))
            what = f"{contributor}: {gone.drawings:,} drawings. {forgetting.in_words(gone)}"
            audit.note(request, StaffAct.Act.FORGET, what)
            count = {"count": grouped(gone.drawings)}
            words = ngettext(
                "Deleted: %(count)s drawing.", "Deleted: %(count)s drawings.", gone.drawings
            )
            words = f"{words % count} {forgetting.in_words(gone)}"
            self.message_user(request, words, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:recognizer_drawing_changelist"))
        found = forgetting.traces(contributor)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Forget this contributor"),
            "opts": self.opts,
            "media": self.media,
            "drawing": drawing,
            "found": found,
            "learned": forgetting.in_words(found),
        }
        return TemplateResponse(request, "admin/recognizer/drawing/forget.html", context)
