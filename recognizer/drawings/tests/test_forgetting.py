import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from recognizer.drawings import forgetting
from recognizer.drawings.forgetting import Contributor, Traces
from recognizer.models import Drawing, Label, ModelVersion, Prediction, TrainingRun
from recognizer.tests.admin_desk import words
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_run,
    make_staff,
    make_user,
    make_version,
)
from recognizer.training import retraining

pytestmark = pytest.mark.django_db

OVER = TrainingRun.State.SUCCEEDED


def make_history(user):
    """Version 2 learned from two drawings of this user and one of another; 3 came from 2."""
    shipped = make_version(1)
    mine = [make_drawing(user=user, version=shipped) for _ in range(2)]
    other = make_drawing(version=shipped)
    make_label(mine[0], "7", state="approved")
    run = make_run([*mine, other], state=OVER, base_version=shipped)
    second = make_version(2, run=run)
    later = make_run([other], state=OVER, base_version=second)
    make_version(3, run=later)
    untouched = make_run([other], state=OVER, base_version=shipped)
    make_version(4, run=untouched)
    return other, run, later


def test_forgetting_deletes_what_they_drew_and_nothing_else():
    ada = make_user("ada")
    other, *_ = make_history(ada)
    forgetting.forget(Contributor(user_id=ada.pk))
    assert list(Drawing.objects.all()) == [other]
    assert not Label.objects.exists()
    assert Prediction.objects.get().drawing == other
    assert (ModelVersion.objects.count(), TrainingRun.objects.count()) == (4, 3)


def test_the_answer_names_the_versions_that_learned_from_them():
    ada = make_user("ada")
    _, run, _ = make_history(ada)
    expected = Traces(drawings=2, labels=1, runs=[run.pk], learned=[2], built_on=[3])
    assert forgetting.traces(Contributor(user_id=ada.pk)) == expected
    assert forgetting.forget(Contributor(user_id=ada.pk)) == expected
    assert forgetting.in_words(expected) == (
        "Trained on these drawings: version 2. Fine-tuned from these: version 3."
    )


def test_a_visitor_can_be_forgotten():
    drawing, other = make_drawing(), make_drawing()
    forgetting.forget(Contributor.of(drawing))
    assert list(Drawing.objects.all()) == [other]


def test_a_run_remembers_how_many_of_its_drawings_are_gone(monkeypatch):
    monkeypatch.setattr(forgetting, "_BATCH", 1)
    ada, bob = make_user("ada"), make_user("bob")
    _, run, later = make_history(ada)
    bobs = make_drawing(user=bob)
    run.examples.create(drawing=bobs, value="7")
    forgetting.forget(Contributor(user_id=ada.pk))
    forgetting.forget(Contributor(user_id=bob.pk))
    run.refresh_from_db()
    later.refresh_from_db()
    assert (run.examples.count(), run.forgotten_drawings) == (1, 3)
    assert later.forgotten_drawings == 0


def test_a_version_tells_what_it_and_those_before_it_learned_from():
    ada = make_user("ada")
    make_history(ada)
    forgetting.forget(Contributor(user_id=ada.pk))
    behind = {
        version.number: forgetting.forgotten_behind(version)
        for version in ModelVersion.objects.all()
    }
    assert behind == {1: {}, 2: {2: 2}, 3: {2: 2}, 4: {}}


def test_a_run_that_is_training_on_them_starts_again_without_them():
    version = make_version(state=ModelVersion.State.ACTIVE)
    ada = make_user("ada")
    mine, other = make_drawing(user=ada), make_drawing()
    for drawing in (mine, other):
        make_label(drawing, "7", state="approved")
    run = retraining.request_run(Drawing.objects.all(), by=None)
    TrainingRun.objects.claim(run.pk, "token")
    unconcerned = make_run([other], state=TrainingRun.State.RUNNING, base_version=version)
    found = forgetting.forget(Contributor(user_id=ada.pk))
    run.refresh_from_db()
    unconcerned.refresh_from_db()
    assert (run.state, run.forgotten_drawings) == ("queued", 0)
    assert [example.drawing for example in run.examples.all()] == [other]
    assert unconcerned.state == "running"
    assert not TrainingRun.objects.all().end(run.pk, "token", state=OVER)
    assert (found.runs, found.learned) == ([], [])


def test_a_run_that_was_taken_up_while_they_were_deleted_starts_again(monkeypatch):
    ada = make_user("ada")
    run = make_run([make_drawing(user=ada)])
    note = forgetting._note_on_runs

    def claimed_meanwhile(batch):
        TrainingRun.objects.claim(run.pk, "token")
        return note(batch)

    monkeypatch.setattr(forgetting, "_note_on_runs", claimed_meanwhile)
    forgetting.forget(Contributor(user_id=ada.pk))
    run.refresh_from_db()
    assert run.state == "queued"


def test_forgetting_takes_as_many_queries_for_50_drawings_as_for_5(
    django_assert_max_num_queries,
):
    ada, bob = make_user("ada"), make_user("bob")
    for user, count in ((ada, 5), (bob, 50)):
        for _ in range(count):
            make_label(make_drawing(user=user), "7")
        with django_assert_max_num_queries(25):
            forgetting.forget(Contributor(user_id=user.pk))


def page(drawing):
    return reverse("admin:recognizer_drawing_forget", args=[drawing.pk])


def test_the_page_asks_first_and_names_what_goes(admin_client):
    ada = make_user("ada")
    make_history(ada)
    drawing = Drawing.objects.filter(user=ada).first()
    html = admin_client.get(page(drawing)).content.decode()
    assert "<strong>ada</strong>" in html
    assert "2 drawings with 1 label." in html
    assert "Trained on these drawings: version 2." in html
    assert Drawing.objects.count() == 3


def test_the_page_deletes_at_a_post_and_says_which_versions_learned(admin_client):
    ada = make_user("ada")
    make_history(ada)
    drawing = Drawing.objects.filter(user=ada).first()
    response = admin_client.post(page(drawing), follow=True)
    assert Drawing.objects.count() == 1
    assert words(response) == [
        "Deleted: 2 drawings. Trained on these drawings: version 2."
        " Fine-tuned from these: version 3."
    ]


def test_versions_and_runs_show_that_drawings_are_gone(admin_client):
    ada = make_user("ada")
    _, run, _ = make_history(ada)
    forgetting.forget(Contributor(user_id=ada.pk))
    third = ModelVersion.objects.get(number=3)
    html = admin_client.get(f"/admin/recognizer/modelversion/{third.pk}/change/").content.decode()
    assert "2 drawings that version 2 was trained on have been deleted" in html
    html = admin_client.get(f"/admin/recognizer/trainingrun/{run.pk}/change/").content.decode()
    assert "2 of these drawings have been deleted" in html
    assert "<dt>Drawings</dt><dd>3</dd>" in html
    html = admin_client.get("/admin/recognizer/trainingrun/").content.decode()
    assert '<td class="field-drawings_used">3</td>' in html


def test_only_who_may_delete_drawings_may_forget(client):
    drawing = make_drawing()
    client.force_login(make_staff(permissions=["view_drawing", "change_drawing"]))
    assert client.get(page(drawing)).status_code == 403
    assert client.post(page(drawing)).status_code == 403
    change = reverse("admin:recognizer_drawing_change", args=[drawing.pk])
    assert page(drawing) not in client.get(change).content.decode()
    client.force_login(make_staff(permissions=["view_drawing", "delete_drawing"]))
    assert page(drawing) in client.get(change).content.decode()
    assert client.get(page(drawing)).status_code == 200


def test_forgetting_by_a_drawing_that_is_gone_is_not_found(admin_client):
    url = reverse("admin:recognizer_drawing_forget", args=[12345])
    assert admin_client.get(url).status_code == 404


def run_command(*arguments):
    out = StringIO()
    call_command("forget_contributor", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_forgets_a_user():
    make_history(make_user("ada"))
    said = run_command("ada", "--yes")
    assert "Drawings: 2, labels on them: 1. Trained on these drawings: version 2." in said
    assert "Drawings deleted: 2." in said
    assert Drawing.objects.count() == 1


def test_the_command_forgets_a_visitor():
    drawing = make_drawing()
    run_command("--visitor", str(drawing.visitor), "--yes")
    assert not Drawing.objects.exists()


def test_the_command_asks_and_takes_anything_but_y_for_a_no(monkeypatch):
    make_drawing(user=make_user("ada"))
    monkeypatch.setattr("builtins.input", lambda prompt: "")
    with pytest.raises(CommandError, match="Nothing was deleted"):
        run_command("ada")
    assert Drawing.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nobody"], "There is no user nobody."),
        (["--visitor", str(uuid.UUID(int=1))], "This person has no drawings."),
        ([], "required"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, problem):
    with pytest.raises(CommandError, match=problem):
        run_command(*arguments, "--yes")
