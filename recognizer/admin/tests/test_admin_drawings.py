import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from kombu.exceptions import OperationalError

from ml.contract import NOT_A_DIGIT
from recognizer import tasks
from recognizer.models import Drawing, Label, ModelVersion, TrainingRun
from recognizer.tests.admin_desk import choose_action, queries_of, words
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_picture,
    make_prediction,
    make_run,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/drawing/"


def act(client, action, *drawings):
    return choose_action(client, LIST, action, *drawings)


def listed(client, **query):
    response = client.get(LIST, query)
    assert response.status_code == 200
    return set(response.context["cl"].queryset)


def page(drawing):
    return reverse("admin:recognizer_drawing_change", args=[drawing.pk])


def label(client, drawing, value):
    url = reverse("admin:recognizer_drawing_label", args=[drawing.pk])
    return client.post(url, {"value": value}, follow=True)


def active_version():
    return make_version(state=ModelVersion.State.ACTIVE)


def test_the_list_shows_picture_prediction_confidence_and_label(admin_client):
    make_label(make_drawing(read="7", confidence=0.9931), "1")
    html = admin_client.get(LIST).content.decode()
    assert 'class="hw-thumbnail" src="data:image/png;base64,' in html
    assert "99.3 %" in html
    assert "suggested, differs" in html


def test_the_list_takes_as_many_queries_for_50_drawings_as_for_5(admin_client):
    def add(count):
        for _ in range(count):
            make_label(make_drawing(user=make_user(), version=version), "7")

    version = make_version()
    add(5)
    admin_client.get(LIST)
    for_five = queries_of(admin_client, LIST)
    add(45)
    assert queries_of(admin_client, LIST) == for_five


def test_drawings_are_found_by_the_digit_read(admin_client):
    seven, _ = make_drawing(read="7"), make_drawing(read="1")
    rejected = make_drawing(read="")
    assert listed(admin_client, read="7") == {seven}
    assert listed(admin_client, read="rejected") == {rejected}


def test_a_later_replay_does_not_count_as_the_digit_read(admin_client):
    make_prediction(make_drawing(read="7"), "1", served=False)
    assert listed(admin_client, read="1") == set()


@pytest.mark.parametrize(
    ("confidence", "band"),
    [
        (0.0, "0-50"),
        (0.5, "50-80"),
        (0.8, "80-95"),
        (0.95, "95-99"),
        (0.99, "99-100"),
        (1.0, "99-100"),
    ],
)
def test_each_confidence_lies_in_one_band(admin_client, confidence, band):
    drawing = make_drawing(confidence=confidence)
    found = {
        key
        for key in ("0-50", "50-80", "80-95", "95-99", "99-100")
        if listed(admin_client, confidence=key) == {drawing}
    }
    assert found == {band}


def test_drawings_are_found_by_the_state_of_their_label(admin_client):
    unlabelled = make_drawing()
    by_state = {state: make_drawing() for state in ("suggested", "approved", "refused")}
    for state, drawing in by_state.items():
        make_label(drawing, "7", state=state)
    assert listed(admin_client, label="none") == {unlabelled}
    for state, drawing in by_state.items():
        assert listed(admin_client, label=state) == {drawing}


def test_a_drawing_is_corrected_where_a_label_differs_from_what_was_read(admin_client):
    corrected = make_drawing(read="1")
    make_label(corrected, "7")
    make_label(make_drawing(read="7"), "7")
    make_label(make_drawing(read=""), NOT_A_DIGIT)
    make_label(make_drawing(read="1"), "7", state="refused")
    make_drawing(read="7")
    assert listed(admin_client, label="corrected") == {corrected}


def test_drawings_are_found_by_the_version_that_read_them(admin_client):
    old, new = make_version(1), make_version(2)
    make_drawing(version=old)
    drawing = make_drawing(version=new)
    assert listed(admin_client, version="2") == {drawing}


@pytest.mark.parametrize("query", [{"version": "x"}, {"confidence": "x"}, {"label": "x"}])
def test_a_filter_that_does_not_exist_shows_everything(admin_client, query):
    drawing = make_drawing()
    assert listed(admin_client, **query) == {drawing}


def test_drawings_are_searched_by_user_label_and_prediction(admin_client):
    drawing = make_drawing(read="7", user=make_user("ada"))
    make_label(drawing, "1")
    make_drawing(read="3")
    for term in ("ada", "1", "7"):
        assert listed(admin_client, q=term) == {drawing}


def test_a_search_for_a_digit_does_not_match_ids(admin_client):
    make_drawing(read="7", public_id="33333333-3333-4333-8333-333333333333")
    assert listed(admin_client, q="3") == set()


@pytest.mark.parametrize(
    "term",
    [
        "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d",
        "A1B2C3D4E5F64A7B8C9D0E1F2A3B4C5D",
        "a1b2c3d4",
        "a1b2c3d4e5",
    ],
)
def test_a_drawing_is_found_by_its_id_or_the_beginning_of_it(admin_client, term):
    drawing = make_drawing(public_id="a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")
    make_drawing()
    assert listed(admin_client, q=term) == {drawing}


def test_a_drawing_with_many_labels_is_listed_once(admin_client):
    drawing = make_drawing()
    for _ in range(3):
        make_label(drawing, "7")
    response = admin_client.get(LIST, {"q": "7", "label": "suggested", "o": "3"})
    assert list(response.context["cl"].result_list) == [drawing]


def test_the_list_says_how_many_drawings_wait_for_review(admin_client):
    assert "Nothing is waiting for review." in admin_client.get(LIST).content.decode()
    drawing = make_drawing()
    make_label(drawing, "7")
    make_label(drawing, "1")
    assert "1 drawing with a suggested label" in admin_client.get(LIST).content.decode()


def test_approving_suggestions_approves_the_newest_of_each_drawing(admin_client, admin_user):
    drawing = make_drawing()
    older, newer = make_label(drawing, "1"), make_label(drawing, "7")
    other = make_label(make_drawing(), "3")
    act(admin_client, "approve_suggestions", drawing)
    for row in (older, newer, other):
        row.refresh_from_db()
    assert (older.state, newer.state, other.state) == ("refused", "approved", "suggested")
    assert newer.decided_by == admin_user


def test_refusing_suggestions_leaves_approved_labels_alone(admin_client):
    drawing = make_drawing()
    approved = make_label(drawing, "7", state="approved")
    suggested = make_label(drawing, "1")
    act(admin_client, "refuse_suggestions", drawing)
    approved.refresh_from_db()
    suggested.refresh_from_db()
    assert (approved.state, suggested.state) == ("approved", "refused")


def test_approving_what_was_read_labels_only_drawings_without_a_label(admin_client):
    unlabelled, labelled = make_drawing(read="7"), make_drawing(read="7")
    rejected = make_drawing(read="")
    make_label(labelled, "1")
    response = act(admin_client, "approve_readings", unlabelled, labelled, rejected)
    assert unlabelled.labels.get().value == "7"
    assert unlabelled.labels.get().state == "approved"
    assert labelled.labels.get().state == "suggested"
    assert not rejected.labels.exists()
    assert words(response)[0].startswith("1 label approved as predicted.")


def test_retraining_on_the_selected_drawings_freezes_the_approved_ones(admin_client, admin_user):
    active_version()
    chosen, unapproved, other = make_drawing(), make_drawing(), make_drawing()
    make_label(chosen, "7", state="approved")
    make_label(unapproved, "7")
    make_label(other, "7", state="approved")
    response = act(admin_client, "retrain_on_selected", chosen, unapproved)
    run = TrainingRun.objects.get()
    assert list(run.drawings.all()) == [chosen]
    assert run.requested_by == admin_user
    assert words(response) == [f"{run} is queued: 1 to train on."]
    assert response.redirect_chain[-1][0] == f"/admin/recognizer/trainingrun/{run.pk}/change/"


def test_retraining_on_all_approved_drawings_needs_no_selection(admin_client):
    active_version()
    approved = make_drawing()
    make_label(approved, "7", state="approved")
    make_drawing()
    act(admin_client, "retrain_on_all_approved")
    assert list(TrainingRun.objects.get().drawings.all()) == [approved]


def test_retraining_on_all_approved_drawings_does_not_look_at_the_selection(admin_client):
    active_version()
    approved, unapproved = make_drawing(), make_drawing()
    make_label(approved, "7", state="approved")
    act(admin_client, "retrain_on_all_approved", unapproved)
    assert list(TrainingRun.objects.get().drawings.all()) == [approved]


def test_other_actions_still_need_a_selection(admin_client):
    label = make_label(make_drawing(), "7")
    response = act(admin_client, "approve_suggestions")
    label.refresh_from_db()
    assert label.state == "suggested"
    assert "must be selected" in words(response)[0]


def test_retraining_without_an_approved_label_says_so(admin_client):
    active_version()
    response = act(admin_client, "retrain_on_selected", make_drawing())
    assert not TrainingRun.objects.exists()
    assert "approved label" in words(response)[0]


def test_retraining_while_the_broker_is_down_keeps_the_run_and_says_so(admin_client, monkeypatch):
    def unreachable(*args):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.execute_run, "delay", unreachable)
    active_version()
    drawing = make_drawing()
    make_label(drawing, "7", state="approved")
    response = act(admin_client, "retrain_on_selected", drawing)
    assert "starts as soon as a worker is available" in words(response)[0]
    assert TrainingRun.objects.get().state == "queued"


def test_the_page_shows_the_strokes_the_bars_and_the_history(admin_client):
    drawing = make_drawing()
    make_label(drawing, "1", state="refused", given_by=make_user("ada"))
    make_prediction(drawing, "1", served=False)
    html = admin_client.get(page(drawing)).content.decode()
    assert html.count("<polyline") == 1
    assert html.count("<meter") == 10
    assert "replayed later" in html
    assert "ada" in html


def test_the_page_shows_a_drawing_that_was_sent_as_a_picture(admin_client):
    html = admin_client.get(page(make_drawing(picture=make_picture()))).content.decode()
    assert 'class="hw-drawn" src="data:image/png;base64,' in html


def test_a_stroke_of_one_point_is_painted_as_a_dot(admin_client):
    drawing = make_drawing([[[50, 50], [50, 200]], [[100, 220]]])
    assert 'points="100,220 100,220"' in admin_client.get(page(drawing)).content.decode()


def test_a_drawing_that_no_model_has_read_has_a_page(admin_client):
    drawing = make_drawing(read=None)
    assert "Not read" in admin_client.get(page(drawing)).content.decode()


def test_a_button_labels_a_drawing_and_approves_that_label(admin_client, admin_user):
    drawing = make_drawing(read="1")
    response = label(admin_client, drawing, "7")
    row = drawing.labels.get()
    assert (row.value, row.state, row.given_by, row.decided_by) == (
        "7",
        "approved",
        admin_user,
        admin_user,
    )
    assert response.context["approved"] == "7"


def test_a_button_approves_a_suggestion_of_the_same_value(admin_client):
    drawing = make_drawing()
    ada = make_user("ada")
    suggested = make_label(drawing, "7", given_by=ada)
    label(admin_client, drawing, "7")
    row = drawing.labels.get()
    assert (row, row.state, row.given_by) == (suggested, "approved", ada)


def test_a_button_replaces_an_approved_label_and_keeps_it_in_the_history(admin_client):
    drawing = make_drawing()
    make_label(drawing, "1", state="approved")
    label(admin_client, drawing, NOT_A_DIGIT)
    states = set(drawing.labels.values_list("value", "state"))
    assert states == {("1", "refused"), (NOT_A_DIGIT, "approved")}


def test_pressing_a_button_twice_makes_one_label(admin_client):
    drawing = make_drawing()
    label(admin_client, drawing, "7")
    label(admin_client, drawing, "7")
    assert drawing.labels.count() == 1


def test_a_label_outside_the_classes_is_refused(admin_client):
    drawing = make_drawing()
    assert label(admin_client, drawing, "<b>").status_code == 400
    assert not Label.objects.exists()


def test_labelling_takes_a_post(admin_client):
    url = reverse("admin:recognizer_drawing_label", args=[make_drawing().pk])
    assert admin_client.get(url).status_code == 405


def test_labelling_a_drawing_that_is_gone_is_not_found(admin_client):
    url = reverse("admin:recognizer_drawing_label", args=[12345])
    assert admin_client.post(url, {"value": "7"}).status_code == 404


def test_a_drawing_cannot_be_added_or_edited(admin_client):
    drawing = make_drawing()
    assert admin_client.get(LIST + "add/").status_code == 403
    assert admin_client.post(page(drawing), {"width": "1"}).status_code == 403


def test_a_deleted_drawing_takes_its_labels_and_predictions_with_it(admin_client):
    drawing = make_drawing()
    make_label(drawing, "7", state="approved")
    make_run([drawing])
    admin_client.post(LIST + f"{drawing.pk}/delete/", {"post": "yes"})
    assert not Drawing.objects.exists()
    assert not Label.objects.exists()


def test_selected_drawings_can_be_deleted(admin_client):
    drawing = make_drawing()
    make_label(drawing, "7")
    admin_client.post(
        LIST,
        {
            "action": "delete_selected",
            "index": "0",
            "post": "yes",
            ACTION_CHECKBOX_NAME: [drawing.pk],
        },
    )
    assert not Drawing.objects.exists()
