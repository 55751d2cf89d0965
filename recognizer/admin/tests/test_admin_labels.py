import pytest

from recognizer.models import Label
from recognizer.tests.admin_desk import choose_action, queries_of
from recognizer.tests.factories import make_drawing, make_label, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/label/"


def act(client, action, *labels):
    return choose_action(client, LIST, action, *labels)


def states(*labels):
    return [Label.objects.get(pk=label.pk).state for label in labels]


def test_the_list_shows_the_drawing_beside_the_label(admin_client):
    make_label(make_drawing(read="1"), "7", given_by=make_user("ada"))
    html = admin_client.get(LIST).content.decode()
    assert 'class="hw-thumbnail"' in html
    assert "ada" in html


def test_the_list_takes_as_many_queries_for_50_labels_as_for_5(admin_client):
    def add(count):
        for _ in range(count):
            make_label(make_drawing(), "7", given_by=make_user())

    add(5)
    admin_client.get(LIST)
    for_five = queries_of(admin_client, LIST)
    add(45)
    assert queries_of(admin_client, LIST) == for_five


def test_a_label_has_a_page(admin_client):
    label = make_label(make_drawing(), "7")
    assert admin_client.get(f"{LIST}{label.pk}/change/").status_code == 200


def test_approving_a_label_refuses_the_other_ones_of_its_drawing(admin_client, admin_user):
    drawing = make_drawing()
    approved = make_label(drawing, "1", state="approved")
    waiting, chosen = make_label(drawing, "3"), make_label(drawing, "7")
    act(admin_client, "approve", chosen)
    assert states(approved, waiting, chosen) == ["refused", "refused", "approved"]
    assert Label.objects.get(pk=chosen.pk).decided_by == admin_user


def test_of_two_chosen_labels_of_a_drawing_the_newer_one_is_approved(admin_client):
    drawing = make_drawing()
    older, newer = make_label(drawing, "1"), make_label(drawing, "7")
    act(admin_client, "approve", newer, older)
    assert states(older, newer) == ["refused", "approved"]


def test_a_refused_label_can_be_approved_after_all(admin_client):
    label = make_label(make_drawing(), "7", state="refused")
    act(admin_client, "approve", label)
    assert states(label) == ["approved"]


def test_refusing_a_label_keeps_it(admin_client, admin_user):
    label, other = make_label(make_drawing(), "7"), make_label(make_drawing(), "7")
    act(admin_client, "refuse", label)
    assert states(label, other) == ["refused", "suggested"]
    assert Label.objects.get(pk=label.pk).decided_by == admin_user


def test_a_label_is_never_added_edited_or_deleted_on_its_own(admin_client):
    label = make_label(make_drawing(), "7")
    assert admin_client.get(LIST + "add/").status_code == 403
    assert admin_client.post(f"{LIST}{label.pk}/change/", {"value": "1"}).status_code == 403
    assert admin_client.post(f"{LIST}{label.pk}/delete/", {"post": "yes"}).status_code == 403


def shown(client, **query):
    return [label.pk for label in client.get(LIST, query).context["cl"].result_list]


def test_labels_are_found_by_value_and_by_people(admin_client, admin_user):
    ada, grace = make_user("ada"), make_user("grace", is_staff=True)
    seven = make_label(make_drawing(), "7", given_by=ada)
    one = make_label(make_drawing(), "1", given_by=grace)
    one.approve(grace)
    assert shown(admin_client, value="7") == [seven.pk]
    assert shown(admin_client, decided_by__id__exact=grace.pk) == [one.pk]
    assert shown(admin_client, decided_by__id__exact=admin_user.pk) == []
    assert shown(admin_client, decided_by__id__exact="x") == [one.pk, seven.pk]
    assert shown(admin_client, q="7") == [seven.pk]
    assert shown(admin_client, q="ada") == [seven.pk]
    assert shown(admin_client, q="grace") == [one.pk]
    assert shown(admin_client, q="nobody") == []
    html = admin_client.get(LIST).content.decode()
    assert f"?decided_by__id__exact={grace.pk}" in html
    assert f"?decided_by__id__exact={ada.pk}" not in html
