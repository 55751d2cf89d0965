"""A user's own API tokens: make one, whose secret is shown this once, and revoke it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from recognizer import audit
from recognizer.models import ApiToken, StaffAct
from recognizer.token_form import TokenForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """The list, and a form. The answer to a POST is the only page that ever shows the secret."""
    user = _user(request)
    form = TokenForm(user, request.POST if request.method == "POST" else None)
    token, secret = form.issue() if form.is_valid() else (None, "")
    if token and user.is_staff:
        audit.note(request, StaffAct.Act.TOKEN, f"{token} for {user}")
    context = {
        "form": TokenForm(user) if token else form,
        "new": token,
        "secret": secret,
        "tokens": ApiToken.objects.filter(user=user),
        "choices": [
            choice
            for choice in ApiToken.Scope.choices
            if user.is_staff or choice[0] != ApiToken.Scope.STAFF
        ],
        "chosen": form["scopes"].value() or [] if not token else [],
    }
    return render(request, "recognizer/tokens.html", context)


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of one's own tokens dead."""
    user = _user(request)
    token = get_object_or_404(ApiToken, pk=pk, user=user)
    if token.revoke():
        if user.is_staff:
            audit.note(request, StaffAct.Act.REVOKE, f"{token} of {user}")
        messages.success(
            request, _("%(token)s is revoked and opens nothing any more.") % {"token": token}
        )
    return redirect("tokens")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
