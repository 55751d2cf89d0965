"""The pages' URLs."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from recognizer import views
from recognizer.language import javascript_catalogue
from recognizer.pages import accounts, drawing, gallery, my_data, pictures, probes, shared

urlpatterns = [
    path("", views.draw, name="draw"),
    path("offline/", views.offline, name="offline"),
    path("service-worker.js", views.service_worker, name="service-worker"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics_page, name="metrics"),
    # Without a token: pages that are kept for offline have none, and `refuse_unsound` looks out.
    path("language/", csrf_exempt(set_language), name="set-language"),
    path("texts/<str:language>/<slug:digest>.js", javascript_catalogue.script, name="js-texts"),
    path("drawings/", gallery.gallery, name="history"),
    path("drawings/<uuid:public_id>/", drawing.drawing_page, name="drawing-page"),
    path("my-data/", my_data.my_data, name="my-data"),
    path("accounts/", accounts.account, name="account"),
    path("accounts/login/", accounts.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="draw"), name="logout"),
    path("accounts/sign-up/", accounts.sign_up, name="sign-up"),
    path("accounts/password/", accounts.ChangePassword.as_view(), name="password"),
    path("accounts/tokens/<int:pk>/revoke/", accounts.revoke, name="token-revoke"),
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
