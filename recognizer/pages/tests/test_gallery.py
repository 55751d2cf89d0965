"""My drawings: the gallery, its pages and filters, and the page of each drawing."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from recognizer.language.predictions import percent
from recognizer.models import Drawing, Label, ModelVersion
from recognizer.pages.gallery import DRAWINGS_A_PAGE
from recognizer.tests.candidates import lose_the_file, reads_well, takes_sevens_for_ones
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_picture,
    make_prediction,
    make_run,
    make_staff,
    make_user,
    make_version,
)
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db

SHOWN = re.compile(r'data-url="/api/v1/drawings/([0-9a-f-]{36})/"')


def page(client: Client, query: str = "") -> str:
    response = client.get(reverse("history") + query)
    assert response.status_code == 200
    return response.content.decode()


def shown(html: str) -> list[str]:
    return SHOWN.findall(html)


def next_query(html: str) -> str:
    """The URL of the next page, "" if there is none."""
    return "".join(re.findall(r'rel="next" href="([^"]+)"', html)).replace("&amp;", "&")


def patch(client: Client, drawing: Drawing, body: dict[str, Any]) -> Any:
    url = reverse("drawing-detail", args=[drawing.public_id])
    return client.patch(url, body, content_type="application/json")


def page_of(client: Client, drawing: Drawing) -> str:
    response = client.get(reverse("drawing-page", args=[drawing.public_id]))
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_goes_on_where_it_ended_whatever_is_drawn_or_deleted_meanwhile(client):
    visitor = sign_in_as_visitor(client)
    drawings = [make_drawing(visitor=visitor) for _ in range(2 * DRAWINGS_A_PAGE + 1)]
    # All have the same time, so only the ids keep the order.
    Drawing.objects.update(created_at=timezone.now() - timedelta(hours=1))
    expected = [str(drawing.public_id) for drawing in reversed(drawings)]
    first = page(client)
    assert shown(first) == expected[:DRAWINGS_A_PAGE]
    make_drawing(visitor=visitor)
    Drawing.objects.get(public_id=expected[DRAWINGS_A_PAGE - 1]).delete()
    second = page(client, next_query(first))
    third = page(client, next_query(second))
    assert shown(second) + shown(third) == expected[DRAWINGS_A_PAGE:]
    assert next_query(third) == ""


@pytest.mark.parametrize("query", ["?after=", "?after=abc", "?after=x:y:z", "?read=77&corrected=x"])
def test_a_query_that_makes_no_sense_shows_the_newest(client, query):
    make_drawing(visitor=sign_in_as_visitor(client))
    assert len(shown(page(client, query))) == 1


def test_filters_choose_by_prediction_and_by_correction(client):
    visitor = sign_in_as_visitor(client)
    seven, four, unread, confirmed = (
        str(make_drawing(visitor=visitor, read=read).public_id) for read in ("7", "4", "", "4")
    )
    for public_id, label in ((seven, "1"), (confirmed, "4"), (unread, "not a digit")):
        make_label(Drawing.objects.get(public_id=public_id), label)
    make_drawing(read="7")
    assert shown(page(client, "?read=7")) == [seven]
    assert shown(page(client, "?read=none")) == [unread]
    assert shown(page(client, "?corrected=yes")) == [seven]
    assert shown(page(client, "?corrected=no")) == [confirmed, unread, four]
    assert shown(page(client, "?read=4&corrected=no")) == [confirmed, four]


def test_a_later_prediction_does_not_replace_the_served_one(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client), read="7")
    make_prediction(drawing, "1", version=make_version(), served=False)
    make_label(drawing, "7")
    assert shown(page(client, "?read=1")) == []
    assert shown(page(client, "?corrected=yes")) == []


def test_the_link_to_more_keeps_the_filters(client):
    visitor = sign_in_as_visitor(client)
    for _ in range(DRAWINGS_A_PAGE + 1):
        make_drawing(visitor=visitor, read="7")
    make_drawing(visitor=visitor, read="4")
    more = next_query(page(client, "?read=7&corrected=no"))
    assert more.startswith("?read=7&corrected=no&after=")
    assert len(shown(page(client, more))) == 1


def test_filters_that_nothing_fits_tell_what_to_do(client):
    make_drawing(visitor=sign_in_as_visitor(client), read="7")
    html = page(client, "?read=4")
    assert "No matching drawings" in html
    assert f'href="{reverse("history")}">Show all' in html


def test_a_page_costs_the_same_queries_for_one_drawing_as_for_many(
    client, django_assert_max_num_queries
):
    visitor = sign_in_as_visitor(client)
    for _ in range(DRAWINGS_A_PAGE + 1):
        make_label(make_drawing(visitor=visitor))
    with django_assert_max_num_queries(6):
        page(client, "?read=7&corrected=no")


def test_a_drawing_comes_as_curves_with_the_times_of_its_points(client):
    make_drawing(visitor=sign_in_as_visitor(client))
    html = page(client)
    (raw,) = re.findall(r'data-strokes="([^"]+)"', html)
    (stroke,) = json.loads(raw)
    assert [t for _, _, t in stroke] == [0, 120, 240, 360]
    assert all(0 < x < 100 and 0 < y < 100 for x, y, _ in stroke)
    (start,) = re.findall(r'<path d="M([\d.]+) ([\d.]+)C', html)
    assert [float(place) for place in start] == stroke[0][:2]


def test_a_picture_is_shown_by_an_address_that_only_its_owner_reads(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client), picture=make_picture())
    url = reverse("drawing-picture-png", args=[drawing.public_id])
    assert f'src="{url}"' in page(client)
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert "private" in response["Cache-Control"]
    assert Client().get(url).status_code == 404


@pytest.mark.parametrize(
    ("share", "words"), [(0.9934, "99.3 %"), (0.99999, "99.9 %"), (1.0, "100.0 %"), (0.0, "0.0 %")]
)
def test_a_share_is_shown_with_one_decimal_and_never_rounded_up_to_certainty(share, words):
    assert percent(share) == words


# Names


def test_a_drawing_is_named_and_shown_under_its_name_without_running_it(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    title = '<script>alert("7")</script>'
    assert patch(client, drawing, {"title": title}).json()["title"] == title
    for html in (page(client), page_of(client, drawing)):
        assert escape(title) in html
        assert title not in html
    assert patch(client, drawing, {"title": ""}).json()["title"] == ""


def test_a_name_is_one_line_of_characters_that_show(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    stored = patch(client, drawing, {"title": " my\n\x01 \u202eseven\u200b  ß7 \ufffe "})
    assert stored.json()["title"] == "my seven ß7"


@pytest.mark.parametrize("title", ["x" * 81, None, ["a"]])
def test_a_name_that_is_too_long_or_no_text_is_refused(client, title):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    response = patch(client, drawing, {"title": title})
    assert (response.status_code, list(response.json())) == (400, ["title"])
    drawing.refresh_from_db()
    assert drawing.title == ""


def test_a_name_and_a_label_that_is_no_class_change_nothing(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    assert patch(client, drawing, {"title": "mine", "label": "x"}).status_code == 400
    drawing.refresh_from_db()
    assert drawing.title == ""
    assert not Label.objects.exists()


def test_nobody_but_the_owner_names_a_drawing(client):
    drawing = make_drawing()
    sign_in_as_visitor(client)
    assert patch(client, drawing, {"title": "mine now"}).status_code == 404
    client.force_login(make_staff(permissions=["change_drawing"]))
    assert patch(client, drawing, {"title": "mine now"}).status_code == 404
    assert patch(client, drawing, {"label": "1"}).status_code == 200
    drawing.refresh_from_db()
    assert drawing.title == ""


# Did my correction help?


def learned(drawing: Drawing, *, says: str) -> None:
    """Make a version that learned from the drawing and now predicts `says`."""
    version = make_version(run=make_run([drawing], state="succeeded"))
    make_prediction(drawing, says, version=version, served=False)


def test_the_page_of_a_drawing_follows_a_correction_to_the_version_that_learned_it(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client), read="1")
    assert 'data-outcome="unlabelled"' in page_of(client, drawing)
    label = make_label(drawing, "7")
    assert 'data-outcome="waiting"' in page_of(client, drawing)
    label.approve(make_staff())
    assert 'data-outcome="unlearned"' in page_of(client, drawing)
    learned(drawing, says="1")
    html = page_of(client, drawing)
    assert "version 2 has learned from it, but reads it as 1" in " ".join(html.split())
    learned(drawing, says="7")
    html = " ".join(page_of(client, drawing).split())
    assert "Yes: version 3 has learned from it and reads it as 7." in html
    assert html.count("learned from it</span>") == 2
    assert (html.count('class="right"'), html.count('class="wrong"')) == (1, 2)


def test_the_page_shows_a_refused_label_and_a_held_out_drawing(client):
    visitor = sign_in_as_visitor(client)
    refused = make_drawing(visitor=visitor)
    make_label(refused, "1", state=Label.State.REFUSED)
    assert 'data-outcome="refused"' in page_of(client, refused)
    kept = make_drawing(visitor=visitor, held_out=True)
    make_label(kept, "1", state=Label.State.APPROVED)
    assert 'data-outcome="testing"' in page_of(client, kept)


def test_every_version_predicts_again_and_the_served_prediction_stays(client):
    takes_sevens_for_ones(number=1, run=None)
    reads_well(number=2, run=None, state=ModelVersion.State.ACTIVE)
    lost = takes_sevens_for_ones(number=3, run=None)
    lose_the_file(lost)
    first = ModelVersion.objects.get(number=1)
    visitor = sign_in_as_visitor(client)
    drawing = make_drawing(visitor=visitor, read="4", version=first)
    make_label(drawing, "7", state=Label.State.APPROVED)
    table = re.sub(r"<[^>]+>", " ", page_of(client, drawing).split("<tbody>")[1])
    said = r"2 active 7 right [\d.]+ % 1 first prediction 4 wrong 99.3 % Name"
    assert re.match(said, " ".join(table.split()))


def test_the_page_names_nobody_who_reviewed(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    make_label(drawing, "7", given_by=make_user("bob")).approve(make_staff("grace"))
    html = page_of(client, drawing)
    assert "grace" not in html
    assert "bob" not in html


def test_the_page_of_a_drawing_is_its_owners_alone(client):
    drawing = make_drawing()
    sign_in_as_visitor(client)
    for person in (client, Client()):
        for name in ("drawing-page", "drawing-drawing-svg", "drawing-drawing-png"):
            assert person.get(reverse(name, args=[drawing.public_id])).status_code == 404
    client.force_login(make_staff(permissions=["change_drawing", "view_drawing"]))
    assert client.get(reverse("drawing-page", args=[drawing.public_id])).status_code == 404


def test_the_page_of_a_drawing_costs_the_same_queries_however_much_happened(
    client, django_assert_max_num_queries
):
    drawing = make_drawing(visitor=sign_in_as_visitor(client))
    make_label(drawing, "1")
    make_label(drawing, "7").approve(make_staff())
    for _ in range(4):
        learned(drawing, says="7")
    with django_assert_max_num_queries(7):
        page_of(client, drawing)
