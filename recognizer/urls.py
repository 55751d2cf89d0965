"""The pages' URLs."""

from django.urls import path

from recognizer import views
from recognizer.pages import drawing, gallery, my_data, pictures, probes, shared, tokens

urlpatterns = [
    path("", views.draw, name="draw"),
    path("offline/", views.offline, name="offline"),
    path("service-worker.js", views.service_worker, name="service-worker"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics_page, name="metrics"),
    path("drawings/", gallery.gallery, name="history"),
    path("drawings/<uuid:public_id>/", drawing.drawing_page, name="drawing-page"),
    path("my-data/", my_data.my_data, name="my-data"),
    path("my-data/tokens/", tokens.tokens, name="tokens"),
    path("my-data/tokens/<int:pk>/revoke/", tokens.revoke, name="token-revoke"),
    path("my-data/<slug:file_format>/", my_data.download, name="my-data-download"),
    path("s/<slug:token>/", shared.shared, name="shared"),
    path("s/<slug:token>/embed/", shared.shared_embed, name="shared-embed"),
    *(
        path(
            f"drawings/<uuid:public_id>/{name}",
            pictures.OwnPicture.as_view(),
            {"name": name},
            name=f"drawing-{name.replace('.', '-')}",
        )
        for name in pictures.FILES
    ),
    *(
        path(
            f"s/<slug:token>/{name}",
            pictures.SharedPicture.as_view(),
            {"name": name},
            name=f"shared-{name.replace('.', '-')}",
        )
        for name in pictures.FILES
    ),
]
