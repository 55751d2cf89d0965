import re
from html import unescape

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from recognizer.admin import every_version
from recognizer.models import ModelVersion, Prediction
from recognizer.registry import replay
from recognizer.tests.admin_desk import choose_action, queries_of, words
from recognizer.tests.candidates import (
    approved_seven,
    lose_the_file,
    reads_well,
    takes_sevens_for_ones,
)
from recognizer.tests.factories import make_drawing, make_label, make_staff, make_version

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/drawing/"
REPLAY = f"{LIST}replay/"


def text(html):
    """The visible text, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def page(client, url=REPLAY, **query):
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def shown(html):
    """The drawings whose pictures the page shows, by heading."""
    sections = re.findall(r"<section class=\"module\">\s*<h2>(.*?)</h2>(.*?)</section>", html, re.S)
    return {
        heading: [int(pk) for pk in re.findall(r"drawing/(\d+)/change", section)]
        for heading, section in sections
    }


@pytest.fixture
def versions():
    """Two versions that differ on 1 and 7: number 1 is wrong, number 3 is right and active."""
    return (
        takes_sevens_for_ones(number=1, run=None),
        reads_well(number=3, run=None, state=ModelVersion.State.ACTIVE),
    )


def test_the_page_first_asks_for_the_versions(admin_client, versions):
    make_drawing()
    html = page(admin_client)
    assert '<option value="3" selected>Version 3 (active)</option>' in html
    assert '<option value="" selected>The original predictions</option>' in html
    assert "1 drawing (all)" in text(html)
    assert 'id="replayed"' not in html


def test_two_versions_are_compared_on_the_same_drawings(admin_client, versions):
    sevens = [approved_seven().pk for _ in range(5)]
    make_label(one := make_drawing(), "1", state="approved")
    unlabelled = make_drawing()
    html = page(admin_client, through=3, against=1)
    found = text(html)
    assert "Of 7 drawings, 0 are read the same and 7 differently." in found
    assert "Labelled 16.7 % 1 of 6 83.3 % 5 of 6 5 1 p = 0.11 no difference beyond noise" in found
    assert shown(html) == {
        "Newly right: 5": sevens[::-1],
        "Newly wrong: 1": [one.pk],
        "Other differences: 1": [unlabelled.pk],
    }
    assert re.search(r"label 7 v1: 1 \d+ % v3: 7 \d+ %", found)


def test_one_version_is_compared_with_the_served_predictions(admin_client, versions):
    approved_seven(read="1", version=versions[0])
    approved_seven(read="7", version=versions[0])
    make_drawing(read=None)
    found = text(page(admin_client, through=3))
    assert "Version 3 compared with the original predictions" in found
    assert "Of 3 drawings, 1 are read the same and 1 differently; 1 had no prediction" in found
    assert "Labelled 50.0 % 1 of 2 100.0 % 2 of 2 1 0" in found
    assert "v1 then: 1" in found


def test_a_replay_stores_no_prediction(admin_client, versions):
    approved_seven(version=versions[0])
    before = list(Prediction.objects.values())
    page(admin_client, through=3, against=1)
    assert list(Prediction.objects.values()) == before


def test_the_action_leads_to_the_page_for_what_was_selected(admin_client, versions):
    chosen, _ = make_drawing(), make_drawing()
    response = choose_action(admin_client, LIST, "replay", chosen)
    ((address, _),) = response.redirect_chain
    assert address == f"{REPLAY}?ids={chosen.pk}"
    html = page(admin_client, ids=chosen.pk, through=3, against=1)
    assert f'<input type="hidden" name="ids" value="{chosen.pk}">' in html
    assert shown(html)["Other differences: 1"] == [chosen.pk]


def test_the_action_on_all_rows_keeps_the_filter_and_not_the_rows(admin_client, versions):
    drawing = approved_seven()
    make_label(make_drawing(), "7")
    data = {
        "action": "replay",
        "index": "0",
        "select_across": "1",
        ACTION_CHECKBOX_NAME: [drawing.pk],
    }
    response = admin_client.post(f"{LIST}?label=approved&o=3&p=1", data)
    assert response.url == f"{REPLAY}?label=approved"


def test_the_filters_of_the_list_choose_drawings_and_stay_in_the_address(admin_client, versions):
    seven = approved_seven(held_out=True)
    approved_seven()
    query = {"label": "approved", "held_out__exact": "1", "q": "7"}
    html = page(admin_client, through=3, against=1, **query)
    assert "1 drawing (label: Approved; in the test set: Yes; search: 7)" in text(html)
    assert shown(html)["Newly right: 1"] == [seven.pk]
    for name, value in query.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in html
    assert "?label=approved&amp;held_out__exact=1&amp;through=3&amp;against=1" in html


def test_the_list_links_to_a_replay_of_what_it_shows(admin_client):
    html = page(admin_client, LIST, label="approved")
    assert f'href="{REPLAY}?label=approved"' in html


def test_only_the_newest_are_read_where_there_are_too_many(admin_client, versions, monkeypatch):
    monkeypatch.setattr(every_version, "MOST_DRAWINGS", 2)
    drawings = [approved_seven().pk for _ in range(3)]
    html = page(admin_client, through=3, against=1)
    assert "3 drawings (all); the newest 2 are read" in text(html)
    assert shown(html)["Newly right: 2"] == drawings[:0:-1]


def test_so_many_pictures_are_shown_and_the_rest_is_counted(admin_client, versions, monkeypatch):
    monkeypatch.setattr(every_version, "MOST_SHOWN", 2)
    for _ in range(5):
        approved_seven()
    html = page(admin_client, through=3, against=1)
    assert len(shown(html)["Newly right: 5"]) == 2
    assert "And 3 more; manage.py replay 3 --against 1 --csv FILE" in text(html)


def test_the_page_takes_as_many_queries_for_many_drawings_as_for_one(admin_client, versions):
    approved_seven()
    url = f"{REPLAY}?label=approved&through=3&against=1"
    page(admin_client, url)
    for_one = queries_of(admin_client, url)
    for _ in range(20):
        approved_seven()
        make_version()
    assert queries_of(admin_client, url) == for_one


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"through": 9}, "There is no such version."),
        ({"through": "x"}, "There is no such version."),
        ({"through": 3, "against": 9}, "There is no such version."),
        ({"through": 3, "against": 3}, "Version 3 cannot be compared with itself."),
        ({"through": 4}, "Version 4 cannot be loaded: The artifact of version 4 is missing"),
        ({"through": 3, "against": 4}, "Version 4 cannot be loaded"),
    ],
)
def test_what_cannot_be_replayed_says_why(admin_client, versions, query, complaint):
    lose_the_file(reads_well(number=4, run=None))
    make_drawing()
    html = page(admin_client, **query)
    (said,) = re.findall(r'<p class="errornote" role="alert">(.*?)</p>', html)
    assert said.startswith(complaint)
    assert 'id="replayed"' not in html


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"ids": "1,x"}, "The URL selects no drawings."),
        ({"ids": ""}, "The URL selects no drawings."),
        ({"ids": "9" * 30}, "The URL selects no drawings."),
        ({"ids": ",".join("1" * 1001)}, "At most 1,000 drawings can be chosen one by one."),
        ({"created_at__gte": "x"}, "There is no such filter."),
        ({"nothing": "x"}, "There is no such filter."),
    ],
)
def test_an_address_that_names_no_drawings_says_so(admin_client, query, complaint):
    response = admin_client.get(REPLAY, query, follow=True)
    assert words(response) == [complaint]


def test_a_replay_of_nothing_says_so(admin_client, versions):
    found = text(page(admin_client, ids="12345", through=3))
    assert "0 drawings (chosen one by one)" in found
    assert "Of 0 drawings" in found


def test_who_may_look_at_drawings_may_replay_them(client, versions):
    client.force_login(make_staff(permissions=["view_drawing"]))
    drawing = approved_seven()
    assert choose_action(client, LIST, "replay", drawing).status_code == 200
    assert "Newly right: 1" in page(client, ids=drawing.pk, through=3, against=1)


def test_who_may_not_look_at_drawings_may_not_replay_them(client):
    client.force_login(make_staff(permissions=["view_modelversion"]))
    version = make_version()
    assert client.get(REPLAY).status_code == 403
    html = page(client, reverse("admin:recognizer_modelversion_change", args=[version.pk]))
    assert REPLAY not in html


def test_the_page_of_a_version_leads_to_a_comparison_with_the_active_one(admin_client, versions):
    old, active = versions
    for version, query in (
        (old, "label=approved&amp;through=1&amp;against=3"),
        (active, "label=approved&amp;through=3"),
    ):
        html = page(
            admin_client, reverse("admin:recognizer_modelversion_change", args=[version.pk])
        )
        assert f'href="{REPLAY}?{query}"' in html


def test_the_page_of_a_drawing_shows_every_versions_prediction(admin_client, versions, monkeypatch):
    lose_the_file(reads_well(number=4, run=None))
    drawing = make_drawing(read=None)
    url = reverse("admin:recognizer_drawing_change", args=[drawing.pk])
    html = page(admin_client, url).split('id="versions-say"')[1]
    assert re.search(
        r"Version 4 candidate The artifact of version 4 is missing: \S+"
        r" Version 3 active 7 \d\d\.\d % Version 1 candidate 1 \d\d\.\d %",
        text(html),
    )
    monkeypatch.setattr(replay, "MOST_VERSIONS", 2)
    few = text(page(admin_client, url).split('id="versions-say"')[1])
    assert "1 older version is not shown." in few
    assert "Version 1 " not in few
