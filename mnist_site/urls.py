"""Every URL of the site."""

from django.contrib import admin
from django.urls import include, path

from recognizer.admin.dashboard import dashboard

handler500 = "recognizer.views.failed"

urlpatterns = [
    path("admin/dashboard/", admin.site.admin_view(dashboard), name="dashboard"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("recognizer.api.urls")),
    path("", include("recognizer.urls")),
]
