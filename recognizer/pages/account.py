"""Accounts: signing in and up, the password and API tokens."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from recognizer.accounts import sign_in
from recognizer.accounts.forms import PasswordForm, SignUpForm
from recognizer.accounts.token_form import TokenForm
from recognizer.drawings.access import own_drawings
from recognizer.models import ApiToken, StaffAct
from recognizer.monitoring import audit


class SignIn(LoginView):
    """Sign-in for everyone with an account; staff can use the admin's page too."""

    template_name = "recognizer/sign_in.html"
    authentication_form = sign_in.CountedForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        assert isinstance(response, HttpResponse)
        return sign_in.finish(request, response)

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """The page on this site that the user asked for, but never the sign-in page."""
        url: str = super().get_redirect_url()
        return "" if url.startswith(self.request.path) else url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | _sign_up_context(self.request)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Create an account and sign in, on sites that allow sign-up."""
    if not settings.ALLOW_SIGN_UP:
        raise Http404
    if request.user.is_authenticated:
        return redirect("account")
    form = SignUpForm(request, request.POST if request.method == "POST" else None)
    user = form.make() if form.is_valid() else None
    if user:
        login(request, user)
        return redirect("history")
    context = {"form": form, **_sign_up_context(request)}
    return sign_in.finish(request, render(request, "recognizer/sign_up.html", context))


def _sign_up_context(request: HttpRequest) -> dict[str, Any]:
    return {
        "may_sign_up": settings.ALLOW_SIGN_UP,
        "drawings": own_drawings(request).count(),
    }


@method_decorator(never_cache, name="dispatch")
class ChangePassword(PasswordChangeView):
    """Changing the password signs out all other browsers; API tokens stay valid."""

    template_name = "recognizer/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("account")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().dispatch(*args, **kwargs)
        assert isinstance(response, HttpResponse)
        return sign_in.finish(self.request, response)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if form.user.is_staff:
            audit.note(self.request, StaffAct.Act.ACCOUNT, f"user {form.user}: own password")
        words = _("Your password has been changed. You have been signed out everywhere else.")
        messages.success(self.request, words)
        return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Show the account and its API tokens, with a form for another.

    The response to a POST is the only page that ever shows the secret.
    """
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
    return render(request, "recognizer/account.html", context)


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of the user's own tokens."""
    user = _user(request)
    token = get_object_or_404(ApiToken, pk=pk, user=user)
    if token.revoke():
        if user.is_staff:
            audit.note(request, StaffAct.Act.REVOKE, f"{token} of {user}")
        messages.success(request, _("%(token)s has been revoked.") % {"token": token})
    return redirect("account")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
