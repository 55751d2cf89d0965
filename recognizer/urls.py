"""The URLs of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from recognizer.language import javascript_catalogue
from recognizer.pages import (
    account,
    draw,
    drawing_files,
    drawing_page,
    gallery,
    my_data,
    offline,
    probes,
    shared,
)

urlpatterns = [
    path("", draw.draw, name="draw"),
    path("offline/", offline.offline, name="offline"),
    path("service-worker.js", offline.service_worker, name="service-worker"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics_page, name="metrics"),
    # Exempt, since pages stored for offline use have no token; `refuse_unsound` checks the origin.
    path("language/", csrf_exempt(set_language), name="set-language"),
    path("texts/<str:language>/<slug:digest>.js", javascript_catalogue.script, name="js-texts"),
    path("drawings/", gallery.gallery, name="history"),
    path("drawings/<uuid:public_id>/", drawing_page.drawing_page, name="drawing-page"),
    path("my-data/", my_data.my_data, name="my-data"),
    path("accounts/", account.account, name="account"),
    path("accounts/login/", account.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="draw"), name="logout"),
    path("accounts/sign-up/", account.sign_up, name="sign-up"),
    path("accounts/password/", account.ChangePassword.as_view(), name="password"),
    path("accounts/tokens/<int:pk>/revoke/", account.revoke, name="token-revoke"),
    path("my-data/<slug:file_format>/", my_data.download, name="my-data-download"),
    path("s/<slug:token>/", shared.shared, name="shared"),
    path("s/<slug:token>/embed/", shared.shared_embed, name="shared-embed"),
    *(
        path(
            f"{folder}{name}",
            view.as_view(),
            {"name": name},
            name=f"{prefix}-{name.replace('.', '-')}",
        )
        for folder, prefix, view in (
            ("drawings/<uuid:public_id>/", "drawing", drawing_files.OwnPicture),
            ("s/<slug:token>/", "shared", drawing_files.SharedPicture),
        )
        for name in drawing_files.FILES
    ),
]
