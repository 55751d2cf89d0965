"""Every URL of the site."""

from django.contrib import admin
from django.urls import include, path

from recognizer.admin.admin_sign_in import sign_in
from recognizer.admin.dashboard import dashboard

handler404 = "recognizer.pages.error_pages.not_found"
handler500 = "recognizer.pages.error_pages.failed"

urlpatterns = [
    path("admin/dashboard/", admin.site.admin_view(dashboard), name="dashboard"),
    path("admin/login/", sign_in, name="sign-in"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("recognizer.api.urls")),
    path("", include("recognizer.urls")),
]
