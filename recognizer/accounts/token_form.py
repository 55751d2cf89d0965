"""What is asked before an API token is made, on the user's own page and in the admin."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer.models import ApiToken
from recognizer.models.api_token import NAME_LENGTH

MOST_TOKENS = 20
_LIFETIMES = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("a year"),
    "": gettext_lazy("never"),
}


class TokenForm(forms.Form):
    """What a new token of `user` is for, what it opens and for how long."""

    name = forms.CharField(max_length=NAME_LENGTH, label=gettext_lazy("What is it for?"))
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=ApiToken.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    days = forms.ChoiceField(
        label=gettext_lazy("It expires after"),
        choices=list(_LIFETIMES.items()),
        required=False,
        initial="90",
    )

    def __init__(self, user: User | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        if self.user is not None:
            if ApiToken.objects.valid().filter(user=self.user).count() >= MOST_TOKENS:
                raise forms.ValidationError(
                    _("There are already %(count)s tokens. Revoke one first.")
                    % {"count": MOST_TOKENS}
                )
            if ApiToken.Scope.STAFF in self.cleaned_data.get("scopes", []):
                self._only_for_staff(self.user)
        return self.cleaned_data

    def _only_for_staff(self, user: User) -> None:
        if not user.is_staff:
            self.add_error("scopes", _("Only staff can have a token with the staff scope."))

    def issue(self) -> tuple[ApiToken, str]:
        """The new token and its secret; for a form that is valid."""
        assert self.user is not None
        days = self.cleaned_data["days"]
        return ApiToken.objects.issue(
            self.user,
            self.cleaned_data["name"],
            self.cleaned_data["scopes"],
            expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
        )
