"""Sign-in to the admin, with the site's rate limits, for staff only."""

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse

from recognizer.accounts.sign_in import CountedForm, finish


class SignInForm(CountedForm, AdminAuthenticationForm):
    pass


def sign_in(request: HttpRequest) -> HttpResponse:
    """Django's sign-in page for the admin."""
    return finish(request, admin.site.login(request))
