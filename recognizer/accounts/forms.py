"""What is asked to make an account, and to change its password."""

from typing import Any

from django.contrib.auth.forms import PasswordChangeForm, UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from recognizer.accounts import sign_in
from recognizer.backing import rate_limits

_PASSWORD_HELP = gettext_lazy("At least 8 characters, not only digits, and not a common password.")


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]
    """A new account; so many from one address, since each costs a hash of its password."""

    class Meta(UserCreationForm.Meta):
        model = User
        help_texts = {
            "username": gettext_lazy("Letters, digits and @ . + - _. Only staff can see it.")
        }

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        _say_briefly(self, "password1", "password2")

    def make(self) -> User | None:
        """The account, of a form that is valid; None, with the reason among its errors, if not."""
        address = rate_limits.network_of_client(self.request)
        limits = sign_in.limits_for("address-sign-up", "sign-up", address)
        try:
            sign_in.refuse_too_many(self.request, limits)
            with transaction.atomic():
                user: User = self.save()
                return user
        except ValidationError as error:
            self.add_error(None, error)
        except IntegrityError:  # somebody took that name just now
            taken = User._meta.get_field("username").error_messages["unique"]
            self.add_error("username", taken)
        return None


class PasswordForm(PasswordChangeForm):
    """Counts the tries to name the old password: who has found an open browser may not guess."""

    user: User

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        _say_briefly(self, "new_password1", "new_password2")

    def clean_old_password(self) -> str:
        limits = sign_in.limits_for("login", "password", str(self.user.pk))
        sign_in.refuse_too_many(self.request, limits)
        old = super().clean_old_password()
        rate_limits.give_back(limits)
        return old


def _say_briefly(form: Any, first: str, second: str) -> None:
    """What Django says in a list of sentences; nothing about repeating it."""
    form.fields[first].help_text = _PASSWORD_HELP
    form.fields[second].help_text = ""
