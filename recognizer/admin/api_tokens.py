from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from recognizer.accounts.token_form import TokenForm
from recognizer.admin.read_only import ReadOnlyAdmin, staff
from recognizer.models import ApiToken, StaffAct
from recognizer.monitoring import audit

STATES = {
    "valid": gettext_noop("valid"),
    "revoked": gettext_noop("revoked"),
    "expired": gettext_noop("expired"),
}


class TokenForUserForm(TokenForm):
    """Make a token for yourself or for a user who is not staff.

    A token for other staff would allow the creator to act as them.
    """

    username = forms.CharField(max_length=150, label=gettext_lazy("For whom (user name)"))
    field_order = ["username"]

    def __init__(self, creator: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        self.creator = creator

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("There is no such user."))
        if user.is_staff and user != self.creator:
            raise forms.ValidationError(_("Other staff create their tokens themselves."))
        self.user = user
        return username


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin[ApiToken]):
    """The API tokens of all users. Secrets are not stored."""

    date_hierarchy = "created_at"
    list_display = [
        "prefix",
        "user",
        "name",
        "scopes_in_words",
        "state",
        "created_at",
        "last_used_at",
        "expires_at",
    ]
    list_filter = ["created_at", "last_used_at", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["^prefix", "name", "user__username"]
    search_help_text = gettext_lazy("Beginning of the token, name or user.")
    fields = [
        "prefix",
        "user",
        "name",
        "scopes_in_words",
        "state",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recognizer.add_apitoken")

    @admin.display(description=gettext_lazy("scopes"))
    def scopes_in_words(self, token: ApiToken) -> str:
        return token.scopes_in_words

    @admin.display(description=gettext_lazy("state"))
    def state(self, token: ApiToken) -> str:
        return _(STATES[token.state])

    @admin.action(description=gettext_lazy("Revoke the selected tokens"), permissions=["act"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        revoked = [token for token in tokens.select_related("user") if token.revoke()]
        if revoked:
            names = audit.these(f"{token} of {token.user}" for token in revoked)
            audit.note(request, StaffAct.Act.REVOKE, names)
        self.message_user(
            request, _("Revoked: %(count)s.") % {"count": len(revoked)}, messages.SUCCESS
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form. The response to a POST is the only page that ever shows the secret."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        form = TokenForUserForm(staff(request), posted)
        token, secret = form.issue() if form.is_valid() else (None, "")
        if token:
            audit.note(request, StaffAct.Act.TOKEN, f"{token} for {token.user}")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Create an API token"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "token": token,
            "secret": secret,
        }
        response = TemplateResponse(request, "admin/recognizer/apitoken/new.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response
