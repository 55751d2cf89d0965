"""The way into the admin: as any other, for staff alone."""

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse

from recognizer.accounts.sign_in import CountedForm, finish


class SignInForm(CountedForm, AdminAuthenticationForm):
    pass


def sign_in(request: HttpRequest) -> HttpResponse:
    """Django's page."""
    return finish(request, admin.site.login(request))
