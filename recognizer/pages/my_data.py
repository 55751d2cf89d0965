"""All of one person's data, to download or to delete."""

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from recognizer import exchange
from recognizer.accounts.visitors import find_visitor, forget_visitor
from recognizer.drawings import forgetting
from recognizer.drawings.access import own_drawings
from recognizer.drawings.forgetting import Contributor
from recognizer.language.formats import grouped
from recognizer.models import Share

CONFIRMATION = gettext_lazy("delete")
_TYPES = {
    "json": "application/json",
    "npz": "application/octet-stream",
    "csv": "application/zip",
    "idx": "application/zip",
}


class DeletionForm(forms.Form):
    """Requires a typed word, so that a single slip cannot delete everything."""

    typed = forms.CharField(max_length=20)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip().lower()
        if typed != str(CONFIRMATION):
            words = gettext("Nothing was deleted. Type “%(confirmation)s”.")
            raise forms.ValidationError(words % {"confirmation": CONFIRMATION})
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
def my_data(request: HttpRequest) -> HttpResponse:
    """Show what the site has stored; on POST with the word typed, delete it."""
    contributor = _contributor(request)
    form = DeletionForm(request.POST or None)
    if request.method == "POST" and contributor and form.is_valid():
        by = request.user if isinstance(request.user, User) else None
        gone = forgetting.forget(contributor, by=by)
        forget_visitor(request)
        words = gettext("Deleted: %(drawings)s.") % {"drawings": _drawings(gone.drawings)}
        messages.success(request, f"{words} {forgetting.in_words(gone)}")
        return redirect("history")
    found = forgetting.traces(contributor) if contributor else forgetting.Traces()
    links = Share.objects.filter(drawing__in=own_drawings(request)).count()
    context = {
        "found": found,
        "there_is": _summary(found, links),
        "learned": forgetting.in_words(found),
        "form": form,
        "confirmation": CONFIRMATION,
    }
    return render(request, "recognizer/my_data.html", context)


@require_safe
def download(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """Download the user's own drawings in one of the formats, or everything as JSON."""
    if file_format not in _TYPES:
        raise Http404
    mine = own_drawings(request)
    if file_format == "json":
        pieces, name = exchange.everything(mine), exchange.filename("json")
    else:
        pieces, name = exchange.export(mine, file_format), exchange.filename(file_format)
    return StreamingHttpResponse(
        pieces,
        content_type=_TYPES[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _summary(found: forgetting.Traces, links: int) -> str:
    labels = ngettext("%(count)s label", "%(count)s labels", found.labels)
    shared = ngettext(
        "%(count)s share link",
        "%(count)s share links",
        links,
    )
    return gettext("You have %(drawings)s here, with %(labels)s and %(links)s.") % {
        "drawings": _drawings(found.drawings),
        "labels": labels % {"count": grouped(found.labels)},
        "links": shared % {"count": grouped(links)},
    }


def _drawings(count: int) -> str:
    words = ngettext("%(count)s drawing", "%(count)s drawings", count)
    return words % {"count": grouped(count)}


def _contributor(request: HttpRequest) -> Contributor | None:
    """The contributor of this session; None for a visitor who has never drawn."""
    if request.user.is_authenticated:
        return Contributor(user_id=request.user.pk)
    visitor = find_visitor(request)
    return Contributor(visitor=visitor) if visitor else None
