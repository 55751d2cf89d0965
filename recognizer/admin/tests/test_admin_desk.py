import re

import pytest
from django.test import Client

from ml.contract import NOT_A_DIGIT
from recognizer.admin.tests.test_admin_permissions import INLINE, sign_in
from recognizer.drawings import review
from recognizer.models import Drawing, Label, ModelVersion, Review
from recognizer.tests.admin_desk import queries_of
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_picture,
    make_staff,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

DESK = "/admin/recognizer/drawing/desk/"
NEXT = DESK + "next/"


def ask(client, queue="unreviewed", after=""):
    response = client.get(NEXT, {"queue": queue, "after": after})
    assert response.status_code == 200
    return response.json()


def post(client, what, body):
    return client.post(f"{DESK}{what}/", body, content_type="application/json")


def decide(client, drawing, value="7", /, **other):
    seen = review.state_of(Drawing.objects.get(pk=drawing.pk))
    body = {"drawing": drawing.pk, "seen": seen, "queue": "unreviewed", "verdict": "label"}
    return post(client, "decide", body | {"value": value} | other)


# The page


@pytest.mark.parametrize("queue", Review.Queue.values)
def test_each_queue_has_a_page_without_inline_script_or_style(admin_client, queue):
    html = admin_client.get(DESK, {"queue": queue}).content.decode()
    assert re.search(rf'href="\?queue={queue}" aria-current="page"', html)
    assert not INLINE.search(html)


def test_a_queue_that_does_not_exist_is_not_found(admin_client):
    assert admin_client.get(DESK, {"queue": "x"}).status_code == 404
    assert admin_client.get(NEXT, {"queue": "x"}).status_code == 400


def test_the_desk_is_linked_from_the_list_and_the_front_page(admin_client):
    for url in ("/admin/recognizer/drawing/", "/admin/"):
        assert f'href="{DESK}"' in admin_client.get(url).content.decode()


def test_buttons_follow_the_classes_of_the_active_version(admin_client):
    version = make_version(state=ModelVersion.State.ACTIVE)
    ModelVersion.objects.filter(pk=version.pk).update(classes=["4", "a", NOT_A_DIGIT])
    html = admin_client.get(DESK).content.decode()
    assert re.findall(r'data-value="([^"]+)"', html) == ["4", "a", NOT_A_DIGIT]


# Permissions


@pytest.mark.parametrize("url", [DESK, NEXT])
def test_only_staff_who_may_change_drawings_see_the_desk(client, url):
    assert client.get(url).url.startswith("/admin/login/")
    sign_in(client, "view_drawing", "view_label")
    assert client.get(url, {"queue": "unreviewed"}).status_code == 403
    sign_in(client, "change_drawing")
    assert client.get(url, {"queue": "unreviewed"}).status_code == 200


def test_staff_who_may_only_look_are_not_offered_the_desk(client):
    sign_in(client, "view_drawing")
    for url in ("/admin/recognizer/drawing/", "/admin/"):
        assert DESK not in client.get(url).content.decode()


def test_staff_who_may_only_look_decide_and_undo_nothing(client):
    drawing = make_drawing()
    sign_in(client, "view_drawing")
    assert decide(client, drawing).status_code == 403
    assert post(client, "undo", {"decision": 1}).status_code == 403
    assert not Label.objects.exists()


def test_a_decision_needs_the_token_of_the_page(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    drawing = make_drawing()
    assert decide(client, drawing).status_code == 403
    client.get(DESK)
    token = client.cookies["csrftoken"].value
    body = {"drawing": drawing.pk, "seen": "0-0", "queue": "unreviewed", "verdict": "keep"}
    answer = client.post(
        DESK + "decide/", body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 200


# Items


def test_an_item_says_all_that_is_known_of_the_drawing(admin_client):
    version = make_version(4, state=ModelVersion.State.ACTIVE)
    drawing = make_drawing(read="7", confidence=0.6, version=version)
    make_label(drawing, "1", given_by=make_user("ada"))
    [item] = ask(admin_client)["items"]
    assert item["name"] == str(drawing)
    assert item["strokes"] == [[[80, 60, 0], [200, 60, 120], [150, 150, 240], [120, 230, 360]]]
    assert item["read"] == {"text": "7", "words": "7"}
    assert item["bars"]["7"] == 0.6
    assert item["version"] == 4
    assert item["suggestions"] == [{"value": "1", "by": "ada"}]
    assert item["disputed"] is True
    assert item["approved"] is None


def test_a_picture_and_a_drawing_that_no_model_read_are_shown_too(admin_client):
    make_drawing(read=None)
    make_drawing(picture=make_picture())
    unread, picture = ask(admin_client)["items"]
    assert unread["read"] is None
    assert picture["picture"].startswith("data:image/png;base64,")
    assert "strokes" not in picture


def test_a_near_duplicate_comes_with_the_oldest_of_its_kind(admin_client):
    oldest, copy, newest = (make_drawing() for _ in range(3))
    make_label(oldest, "7", state="approved")
    items = ask(admin_client, "duplicates")["items"]
    assert [item["id"] for item in items] == [copy.pk, newest.pk]
    assert {item["twin"]["name"] for item in items} == {str(oldest)}
    assert items[0]["twin"]["label"] == "7 (approved)"


def test_a_page_is_followed_by_the_next_until_the_end(admin_client):
    for _ in range(14):
        make_drawing()
    first = ask(admin_client)
    assert (len(first["items"]), first["left"], first["end"]) == (12, 14, False)
    second = ask(admin_client, after=first["items"][-1]["place"])
    assert (len(second["items"]), second["end"]) == (2, True)
    assert "left" not in second
    assert len({item["id"] for item in first["items"] + second["items"]}) == 14


@pytest.mark.parametrize("queue", Review.Queue.values)
def test_a_page_takes_as_many_queries_for_twelve_drawings_as_for_two(admin_client, queue):
    version = make_version(state=ModelVersion.State.ACTIVE)

    def add(count):
        for _ in range(count):
            drawing = make_drawing(read="1", user=make_user(), version=version)
            if queue == "suspected":
                make_label(drawing, "7", state="approved", given_by=make_user())
            make_label(drawing, "3", given_by=make_user())

    url = f"{NEXT}?queue={queue}"
    add(3)
    admin_client.get(url)
    for_few = queries_of(admin_client, url)
    add(12)
    assert queries_of(admin_client, url) == for_few
    assert len(ask(admin_client, queue)["items"]) == 12


@pytest.mark.parametrize("after", ["x", "1", "1:x", "9" * 40 + ":1"])
@pytest.mark.parametrize("queue", Review.Queue.values)
def test_a_place_that_makes_no_sense_is_no_error_of_the_server(admin_client, queue, after):
    response = admin_client.get(NEXT, {"queue": queue, "after": after})
    assert response.status_code in {200, 400}


# Deciding and undoing


def test_a_decision_is_kept_and_answered_with_the_drawing_as_it_is_now(admin_client, admin_user):
    drawing = make_drawing(read="1")
    answer = decide(admin_client, drawing, "7").json()
    assert answer["item"]["approved"] == {"value": "7", "by": "admin"}
    assert answer["last"]["words"] == "7"
    decision = Review.objects.get()
    assert (decision.drawing, decision.by) == (drawing, admin_user)


def test_a_decision_on_what_somebody_has_labelled_meanwhile_says_who_and_what(admin_client):
    drawing = make_drawing()
    seen = review.state_of(drawing)
    review.label_as(drawing, "3", make_staff("ada"))
    response = decide(admin_client, drawing, "7", seen=seen)
    assert response.status_code == 409
    assert response.json()["detail"] == f"ada has decided on {drawing} in the meantime: 3."
    assert response.json()["item"]["approved"]["value"] == "3"
    again = decide(admin_client, drawing, "7", seen=response.json()["item"]["state"])
    assert again.status_code == 200


def test_a_decision_on_a_drawing_that_was_deleted_says_so(admin_client):
    drawing = make_drawing()
    seen = review.state_of(drawing)
    Drawing.objects.all().delete()
    body = {"drawing": drawing.pk, "seen": seen, "queue": "unreviewed", "verdict": "keep"}
    response = post(admin_client, "decide", body)
    assert response.status_code == 404
    assert response.json()["detail"] == "That drawing has been deleted."


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "<b>"},
        {"value": ["7"]},
        {"value": None},
        {"verdict": "x"},
        {"queue": ["unreviewed"]},
        {"drawing": "1"},
        {"seen": None},
    ],
)
def test_what_the_page_would_not_send_is_refused(admin_client, wrong):
    assert decide(admin_client, make_drawing(), **wrong).status_code == 400
    assert not Review.objects.exists()


@pytest.mark.parametrize("body", ["[]", "{", '"x"', "{}", '{"decision": "1"}'])
def test_a_body_that_makes_no_sense_is_refused(admin_client, body):
    for what in ("decide", "undo"):
        response = admin_client.post(f"{DESK}{what}/", body, content_type="application/json")
        assert response.status_code == 400


def test_a_number_too_large_for_the_database_is_not_found(admin_client):
    body = {"drawing": 10**30, "seen": "0-0", "queue": "unreviewed", "verdict": "keep"}
    assert post(admin_client, "decide", body).status_code == 404
    assert post(admin_client, "undo", {"decision": 10**30}).status_code == 404


def test_undo_answers_with_the_drawing_as_it_was_and_the_decision_before(admin_client):
    first, second = make_drawing(), make_drawing()
    before = ask(admin_client)["items"][1]
    decide(admin_client, first)
    last = decide(admin_client, second).json()["last"]
    answer = post(admin_client, "undo", {"decision": last["id"]}).json()
    assert answer["item"].items() <= before.items()
    assert answer["last"]["drawing"] == first.pk
    assert not second.labels.exists()


def test_undo_of_what_somebody_has_changed_since_says_so(admin_client):
    drawing = make_drawing()
    last = decide(admin_client, drawing).json()["last"]
    review.label_as(drawing, "3", make_staff("ada"))
    response = post(admin_client, "undo", {"decision": last["id"]})
    assert response.status_code == 409
    assert "a newer decision" in response.json()["detail"]


def test_another_persons_decision_cannot_be_undone(admin_client, client):
    last = decide(admin_client, make_drawing()).json()["last"]
    sign_in(client, "change_drawing")
    assert post(client, "undo", {"decision": last["id"]}).status_code == 404


# The list of decisions


def test_every_decision_is_listed_with_who_and_when(admin_client):
    drawing = make_drawing()
    last = decide(admin_client, drawing, NOT_A_DIGIT).json()["last"]
    post(admin_client, "undo", {"decision": last["id"]})
    page = admin_client.get("/admin/recognizer/review/")
    [row] = page.context["cl"].result_list
    assert (row.by.get_username(), row.value) == ("admin", NOT_A_DIGIT)
    assert row.undone_at is not None
    detail = admin_client.get(f"/admin/recognizer/review/{row.pk}/change/")
    assert NOT_A_DIGIT in detail.content.decode()


def test_a_drawing_that_was_decided_on_can_be_deleted(admin_client):
    drawing = make_drawing()
    decide(admin_client, drawing)
    admin_client.post(f"/admin/recognizer/drawing/{drawing.pk}/delete/", {"post": "yes"})
    assert not Drawing.objects.exists()
