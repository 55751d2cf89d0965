"""Every URL of the site."""

from django.contrib import admin
from django.urls import include, path

from recognizer.admin.dashboard import dashboard
from recognizer.admin.signing_in import sign_in

handler404 = "recognizer.views.not_found"
handler500 = "recognizer.views.failed"

urlpatterns = [
    path("admin/dashboard/", admin.site.admin_view(dashboard), name="dashboard"),
    path("admin/login/", sign_in, name="sign-in"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("recognizer.api.urls")),
    path("", include("recognizer.urls")),
]
