"""The audit log records what staff do: who, when, what, from where."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from recognizer.api.tests.test_api import DRAWINGS, patch
from recognizer.models import ApiToken, Drawing, Label, ModelVersion, Share, StaffAct
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_run,
    make_user,
    make_version,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

ADDRESS = "192.0.2.44"
LIST = "/admin/recognizer/{}/"


@pytest.fixture
def boss(django_user_model: Any) -> Client:
    user = django_user_model.objects.create_superuser("boss", password="boss-1234567")
    client = Client(REMOTE_ADDR=ADDRESS)
    client.force_login(user)
    StaffAct.objects.all().delete()
    return client


def noted(act: str) -> StaffAct:
    """The only entry in the audit log, which must match."""
    (entry,) = StaffAct.objects.all()
    assert (entry.act, entry.by_name, entry.address) == (act, "boss", ADDRESS)
    assert entry.by is not None
    return entry


def do(client: Client, model: str, action: str, *rows: Any) -> None:
    form = {"action": action, "index": "0", "_selected_action": [row.pk for row in rows]}
    response: Any = client.post(LIST.format(model), form)
    if response.streaming:
        b"".join(response)


@pytest.mark.parametrize(
    ("action", "act"), [("approve_suggestions", "approve"), ("refuse_suggestions", "refuse")]
)
def test_decisions_on_labels_of_drawings_are_noted(boss, action, act):
    drawing = make_label(make_drawing()).drawing
    do(boss, "drawing", action, drawing)
    assert noted(act).what == f"1 label: {drawing}"


def test_what_changed_nothing_is_not_noted(boss):
    do(boss, "drawing", "approve_suggestions", make_drawing())
    do(boss, "label", "refuse", make_label(make_drawing(), state=Label.State.REFUSED))
    assert not StaffAct.objects.exists()


def test_approving_readings_and_labelling_are_noted(boss, shipped_model):
    drawing = make_drawing(version=shipped_model)
    do(boss, "drawing", "approve_readings", drawing)
    assert str(drawing) in noted("approve").what
    StaffAct.objects.all().delete()
    boss.post(reverse("admin:recognizer_drawing_label", args=[drawing.pk]), {"value": "1"})
    assert noted("label").what == f"{drawing}: 1"


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_decisions_on_labels_themselves_are_noted(boss, act):
    label = make_label(make_drawing(), "7")
    do(boss, "label", act, label)
    assert noted(act).what == f"7 for {label.drawing}"


def test_the_desk_is_noted_with_what_was_undone(boss):
    drawing = make_drawing()
    url, kind = reverse("admin:recognizer_drawing_desk_decide"), "application/json"
    body = {
        "drawing": drawing.pk, "seen": "0-0", "queue": "unreviewed", "verdict": "label",
        "value": "7",
    }  # fmt: skip
    decision = boss.post(url, body, content_type=kind).json()["last"]["id"]
    assert noted("review").what == f"{drawing}: 7"
    StaffAct.objects.all().delete()
    url = reverse("admin:recognizer_drawing_desk_undo")
    assert boss.post(url, {"decision": decision}, content_type=kind).status_code == 200
    assert str(drawing) in noted("undo").what


def test_a_retraining_and_its_cancelling_are_noted(boss):
    drawing = make_label(make_drawing(), state=Label.State.APPROVED).drawing
    do(boss, "drawing", "retrain_on_selected", drawing)
    assert noted("retrain").what.startswith("Run")
    StaffAct.objects.all().delete()
    run = make_run([drawing])
    do(boss, "trainingrun", "cancel", run)
    assert noted("cancel").what == str(run)


def _answering_version(version: ModelVersion) -> ModelVersion:
    """A second version that can be loaded."""
    with version.artifact.open("rb") as file:
        run = make_run(base_version=version)
        return make_version(artifact=file.read(), run=run, classes=version.classes)


def test_a_promotion_over_a_verdict_and_a_roll_back_are_noted_with_their_reasons(
    boss, shipped_model
):
    version = _answering_version(shipped_model)
    url = reverse("admin:recognizer_modelversion_promote", args=[version.pk])
    boss.post(url)
    assert not StaffAct.objects.exists()
    boss.post(url, {"override": "1", "reason": "Grandma writes so."})
    assert noted("override").what == f"{version}: Grandma writes so."
    StaffAct.objects.all().delete()
    boss.post(reverse("admin:recognizer_modelversion_roll_back"), {"reason": "Worse."})
    assert noted("roll_back").what == f"{shipped_model}: Worse."
    StaffAct.objects.all().delete()
    boss.post(reverse("admin:recognizer_modelversion_judge", args=[version.pk]))
    assert noted("judge").what == str(version)


def test_deleting_is_noted_one_by_one_and_many_at_once(boss):
    first, second, third = make_drawing(), make_drawing(), make_drawing()
    boss.post(f"{LIST.format('drawing')}{first.pk}/delete/", {"post": "yes"})
    assert noted("delete").what == str(first)
    StaffAct.objects.all().delete()
    form = {"action": "delete_selected", "_selected_action": [second.pk, third.pk], "post": "yes"}
    boss.post(LIST.format("drawing"), form)
    assert {str(second), str(third)} == set(noted("delete").what.split(", "))


def test_forgetting_is_noted_and_outlives_what_was_forgotten(boss):
    ada = make_user("ada")
    drawing = make_drawing(user=ada)
    boss.post(reverse("admin:recognizer_drawing_forget", args=[drawing.pk]))
    assert noted("forget").what.startswith(f"user {ada.pk}: 1 drawings.")


@pytest.mark.parametrize("file_format", ["npz", "csv", "idx"])
def test_an_export_is_noted(boss, file_format):
    drawing = make_label(make_drawing(), state=Label.State.APPROVED).drawing
    do(boss, "drawing", f"export_{file_format}", drawing)
    assert noted("export").what.endswith(f": {drawing}")


def test_an_import_is_noted(boss, tmp_path):
    make_drawing()
    path = tmp_path / "drawings.npz"
    call_command("export_drawings", path, state="all", stdout=io.StringIO())
    (by_hand,) = StaffAct.objects.all()
    assert (by_hand.act, by_hand.via, by_hand.address) == ("export", "command line", None)
    StaffAct.objects.all().delete()
    with path.open("rb") as file:
        boss.post(reverse("admin:recognizer_drawing_import"), {"file": file})
    assert noted("import").what == "0 drawings from drawings.npz"


def test_tokens_are_noted_without_their_secret(boss):
    html = boss.post("/accounts/", {"name": "x", "scopes": ["read"], "days": ""}).content
    token = ApiToken.objects.get()
    assert noted("token").what == f"{token} for boss"
    (secret,) = re.findall(r"hwr_[\w-]{43}", html.decode())
    assert secret not in noted("token").what
    StaffAct.objects.all().delete()
    do(boss, "apitoken", "revoke", token)
    assert noted("revoke").what == f"{token} of boss"


def test_what_staff_do_by_the_api_with_what_is_others_is_noted_with_the_token(boss):
    user = make_user("boss")
    _, secret = ApiToken.objects.issue(user, "x", ApiToken.Scope.values)
    program = Client(headers={"authorization": f"Bearer {secret}"}, REMOTE_ADDR=ADDRESS)
    theirs, mine = make_drawing(), make_drawing(user=user)
    Share.objects.create(drawing=theirs)
    for act, method, path in (
        ("label", "patch", ""), ("unshare", "delete", "share/"), ("delete", "delete", "")
    ):  # fmt: skip
        for drawing in (mine, theirs):
            url = f"{DRAWINGS}{drawing.public_id}/{path}"
            getattr(program, method)(url, {"label": "1"}, content_type="application/json")
        entry = noted(act)
        assert entry.what.startswith(str(theirs))
        assert entry.via == f"API token {secret[:10]}…"
        StaffAct.objects.all().delete()


def test_what_people_do_with_their_own_is_nobodys_business(client):
    user = make_user("ada")
    client.force_login(user)
    drawing = make_drawing(user=user)
    patch(client, str(drawing.public_id), {"label": "1"})
    client.post("/accounts/", {"name": "x", "scopes": ["read"], "days": ""})
    client.delete(f"{DRAWINGS}{drawing.public_id}/")
    assert not StaffAct.objects.exists()


def test_accounts_and_sign_ins_of_staff_are_noted(boss):
    ada = make_user("ada")
    form = {"username": "ada", "is_staff": "on", "is_active": "on"}
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "12:00:00"}
    boss.post(f"/admin/auth/user/{ada.pk}/change/", form | dates)
    assert "user ada: Changed Staff status" in noted("account").what
    StaffAct.objects.all().delete()
    chosen: dict[str, Any] = {"_selected_action": [ada.pk]}
    boss.post("/admin/auth/user/", chosen | {"action": "delete_selected", "post": "yes"})
    assert noted("account").what == "deleted user ada"
    StaffAct.objects.all().delete()
    boss.post("/admin/logout/")
    boss.post("/admin/login/", {"username": "boss", "password": "boss-1234567"})
    noted("sign_in")


def test_commands_are_noted_under_the_name_that_the_system_knows(shipped_model, monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")
    version = _answering_version(shipped_model)
    call_command("promote", version.number, override=True, reason="Because.", stdout=io.StringIO())
    call_command("promote", back=True, stdout=io.StringIO())
    make_drawing(user=make_user("ada"))
    call_command("forget_contributor", "ada", yes=True, stdout=io.StringIO())
    make_drawing()
    Drawing.objects.update(created_at=timezone.now() - timedelta(days=9))
    call_command("forget_old", 8, delete=True, stdout=io.StringIO())
    call_command("forget_old", 8, delete=True, stdout=io.StringIO())
    acts = StaffAct.objects.order_by("pk")
    assert [entry.act for entry in acts] == ["override", "roll_back", "forget", "delete"]
    assert {(entry.by, entry.by_name, entry.via) for entry in acts} == {
        (None, "grace", "command line")
    }


def test_the_trail_is_read_only_and_outlives_the_account(boss, client):
    entry = StaffAct.objects.create(
        act="export", by=make_user("ada"), by_name="ada", what="everything", via="page"
    )
    page = LIST.format("staffact")
    assert "everything" in boss.get(page).content.decode()
    for what in ("delete/", "change/"):
        boss.post(f"{page}{entry.pk}/{what}", {"post": "yes", "what": "nothing"})
    boss.post(page, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    make_user("ada").delete()
    entry.refresh_from_db()
    assert (entry.by, entry.by_name, entry.what) == (None, "ada", "everything")
    with pytest.raises(ValueError, match="never edited"):
        entry.save()
    client.force_login(make_user("grace", is_staff=True))
    assert client.get(page).status_code == 403


def test_the_admin_calls_it_the_audit_log(boss):
    page = boss.get(LIST.format("staffact")).content.decode()
    assert "Select audit log entry to view" in page
    assert "Audit log" in boss.get("/admin/").content.decode()
    german = boss.get("/admin/", headers={"accept-language": "de"}).content.decode()
    assert "Audit-Protokoll" in german


def test_of_many_rows_the_first_and_their_number_are_noted():
    from recognizer.monitoring.audit import these

    assert these(str(number) for number in range(3)) == "0, 1, 2"
    assert these(str(number) for number in range(1025)).endswith("19 and 1,005 more")
