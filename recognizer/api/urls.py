from django.urls import include, path
from rest_framework.routers import SimpleRouter

from recognizer.api import active_version, views

router = SimpleRouter(use_regex_path=False)
router.register("drawings", views.DrawingViewSet, basename="drawing")
router.register("models", views.ModelVersionViewSet, basename="model")
router.register("training-runs", views.TrainingRunViewSet, basename="training-run")

urlpatterns = [
    path("predict/", views.PredictView.as_view(), name="predict"),
    path("schema/", views.DocumentView.as_view(), name="api-schema"),
    path("docs/", views.DocsView.as_view(url_name="api-schema"), name="api-docs"),
    path("models/active/", active_version.ActiveVersionView.as_view(), name="active-version"),
    path("models/networks/<slug:sha256>.bin", active_version.network, name="network"),
    path("", include(router.urls)),
]
