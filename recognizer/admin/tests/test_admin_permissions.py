import re

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse

from recognizer.models import Promotion
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_picture,
    make_run,
    make_staff,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

MODELS = ["drawing", "label", "trainingrun", "modelversion", "promotion"]

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(\ssrc=|application/json))",
    re.IGNORECASE,
)


def sign_in(client, *permissions):
    client.force_login(make_staff(permissions=permissions))


def offered(client, model):
    """The names of the actions that the user sees."""
    form = client.get(f"/admin/recognizer/{model}/").context["action_form"]
    return {name for name, _ in form.fields["action"].choices if name} if form else set()


def make_one_of_each():
    drawing = make_drawing(user=make_user("ada"))
    label = make_label(drawing, "1")
    run = make_run([drawing], history=[{"epoch": 1, "loss": 0.1}])
    version = make_version(run=run)
    promotion = Promotion.objects.create(version=version)
    make_drawing(picture=make_picture())
    return dict(zip(MODELS, [drawing, label, run, version, promotion], strict=True))


@pytest.mark.parametrize("model", MODELS)
def test_a_visitor_is_sent_to_the_login_page(client, model):
    response = client.get(f"/admin/recognizer/{model}/")
    assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_permissions_see_nothing(client, model):
    sign_in(client)
    assert client.get(f"/admin/recognizer/{model}/").status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_staff_who_may_only_look_are_offered_no_actions_but_a_replay(client, model):
    sign_in(client, f"view_{model}")
    row = make_one_of_each()[model]
    assert offered(client, model) == ({"replay"} if model == "drawing" else set())
    html = client.get(f"/admin/recognizer/{model}/{row.pk}/change/").content.decode()
    assert not re.search(r'action="[^"]*/(label|promote|judge|roll-back|cancel)/"', html)


def test_staff_who_may_change_drawings_review_but_do_not_retrain(client):
    sign_in(client, "change_drawing")
    make_drawing()
    assert offered(client, "drawing") == {
        "approve_suggestions",
        "refuse_suggestions",
        "approve_readings",
        "replay",
        "export_npz",
        "export_csv",
        "export_idx",
    }


def test_staff_who_may_also_change_runs_retrain(client):
    sign_in(client, "view_drawing", "change_trainingrun")
    make_drawing()
    assert offered(client, "drawing") == {
        "replay",
        "retrain_on_selected",
        "retrain_on_all_approved",
    }


def test_staff_who_may_only_look_cannot_post_an_action(client):
    sign_in(client, "view_drawing")
    label = make_label(make_drawing(), "7")
    client.post(
        "/admin/recognizer/drawing/",
        {
            "action": "approve_suggestions",
            "index": "0",
            ACTION_CHECKBOX_NAME: [label.drawing_id],
        },
    )
    label.refresh_from_db()
    assert label.state == "suggested"


@pytest.mark.parametrize(
    ("permission", "name", "model"),
    [
        ("view_drawing", "drawing_label", "drawing"),
        ("view_trainingrun", "trainingrun_cancel", "trainingrun"),
        ("view_modelversion", "modelversion_promote", "modelversion"),
        ("view_modelversion", "modelversion_judge", "modelversion"),
        ("view_modelversion", "modelversion_roll_back", None),
    ],
)
def test_staff_who_may_only_look_cannot_press_a_button(client, permission, name, model):
    sign_in(client, permission)
    rows = make_one_of_each()
    url = reverse(f"admin:recognizer_{name}", args=[rows[model].pk] if model else [])
    assert client.post(url, {"value": "7"}).status_code == 403


def test_a_button_needs_the_token_of_its_form(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    url = reverse("admin:recognizer_drawing_label", args=[make_drawing().pk])
    assert client.post(url, {"value": "7"}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_no_page_needs_inline_script_or_style(admin_client, model):
    row = make_one_of_each()[model]
    for url in (
        f"/admin/recognizer/{model}/",
        f"/admin/recognizer/{model}/{row.pk}/change/",
    ):
        html = admin_client.get(url).content.decode()
        assert not INLINE.search(html)


@pytest.mark.parametrize("name", ["drawing_import", "drawing_replay", "drawing_forget"])
def test_no_page_of_its_own_needs_inline_script_or_style(admin_client, name):
    drawing = make_drawing(user=make_user("<b>ada</b>"))
    url = reverse(f"admin:recognizer_{name}", args=[drawing.pk] if name.endswith("get") else [])
    html = admin_client.get(url).content.decode()
    assert not INLINE.search(html)
    assert "<b>ada" not in html


@pytest.mark.parametrize("model", MODELS)
def test_a_user_name_is_escaped_everywhere(admin_client, model):
    rows = make_one_of_each()
    ada = make_user("ada")
    ada.username = "<b>ada</b>"
    ada.save()
    rows["drawing"].labels.update(given_by=ada, decided_by=ada)
    type(rows["trainingrun"]).objects.update(requested_by=ada)
    Promotion.objects.update(promoted_by=ada)
    for url in (
        f"/admin/recognizer/{model}/",
        f"/admin/recognizer/{model}/{rows[model].pk}/change/",
    ):
        assert "<b>ada" not in admin_client.get(url).content.decode()


def test_the_front_page_lists_every_kind_of_row(admin_client):
    html = admin_client.get("/admin/").content.decode()
    assert "Handwriting recogniser" in html
    for model in MODELS:
        assert f'href="/admin/recognizer/{model}/"' in html
