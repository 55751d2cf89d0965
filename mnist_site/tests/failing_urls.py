"""The site with two failing pages, for tests: one has a bug, one has no database."""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from mnist_site import urls

handler404, handler500 = urls.handler404, urls.handler500


def bug(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("This page has a bug.")


def without_a_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("The database is away.")


urlpatterns = [
    path("bug/", bug),
    path("without-a-database/", without_a_database),
    *urls.urlpatterns,
]
