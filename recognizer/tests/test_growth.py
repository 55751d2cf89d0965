"""What a page costs does not grow with the number of drawings that are stored.

The database's own work is counted (see `recognizer.reports.work`), not the time. What is looked
for by filters is there a few times, however many other drawings there are.
"""

from urllib.parse import urlencode

import pytest
from django.db import connection

from recognizer.admin import desk
from recognizer.models import Drawing, ModelVersion
from recognizer.reports import filling, growth_pages
from recognizer.reports.growth_pages import LIST
from recognizer.tests.factories import ONE, make_drawing, make_label, make_picture

pytestmark = pytest.mark.django_db

DENSE_ENOUGH_ONLY_LATER = {"admin list, one month", "admin list, nothing read"} | {
    "admin list, below 50 %",
    "admin list, a picture",
}
"""Of these a small database holds less than a page; one row in so many is one at any size."""


def few_of_everything():
    active = ModelVersion.objects.active()
    for value, state in [("1", "suggested"), ("7", "approved"), ("7", "refused")]:
        make_label(make_drawing(version=active, picture=make_picture()), value, state=state)
    make_label(make_drawing(read="1", version=active), "7", state="approved")
    for _ in range(desk.AT_ONCE + 1):
        make_drawing(ONE, version=active)


@pytest.mark.usefixtures("shipped_model")
def test_no_page_costs_more_with_four_times_as_many_drawings(monkeypatch):
    monkeypatch.setattr(desk, "COUNTED", 5)  # of 1,000 there are not enough here
    growth_pages.make_versions()
    few_of_everything()
    filling.fill(600, processes=1, labelled={})
    _prefer_indexes()
    small = growth_pages.measure(times=0)
    filling.fill(1800, processes=1, seed=2, labelled={})
    large = growth_pages.measure(times=0)
    grown = {
        name: (small[name]["work"], cost["work"])
        for name, cost in large.items()
        if name not in DENSE_ENOUGH_ONLY_LATER and cost["work"] > 1.5 * small[name]["work"]
    }
    assert not grown
    assert {name: cost["queries"] for name, cost in large.items()} == {
        name: cost["queries"] for name, cost in small.items()
    }


def _prefer_indexes():
    """Of a few thousand rows PostgreSQL rightly reads all; of a million it does not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in ("seqscan", "hashjoin", "mergejoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")


# The list of drawings


def shown(response):
    return [drawing.pk for drawing in response.context["cl"].result_list]


def test_the_list_goes_on_to_the_end_and_back_without_gaps_or_repeats(admin_client, monkeypatch):
    from recognizer.admin.drawings import DrawingAdmin

    monkeypatch.setattr(DrawingAdmin, "list_per_page", 3)
    drawings = [make_drawing().pk for _ in range(8)]
    Drawing.objects.filter(pk__in=drawings[3:6]).update(
        created_at=Drawing.objects.get(pk=drawings[3]).created_at
    )
    expected = list(Drawing.objects.values_list("pk", flat=True))
    pages, response = [], admin_client.get(LIST)
    for _ in range(3):
        pages.append(shown(response))
        if response.context["cl"].after:
            response = admin_client.get(LIST + response.context["cl"].after)
    assert pages == [expected[:3], expected[3:6], expected[6:]]
    response = admin_client.get(LIST + response.context["cl"].before)
    assert shown(response) == expected[3:6]
    response = admin_client.get(LIST + response.context["cl"].before)
    assert shown(response) == expected[:3]
    assert not response.context["cl"].before
    oldest_first = admin_client.get(LIST, {"o": "7"})
    assert shown(oldest_first) == expected[::-1][:3]
    second = admin_client.get(LIST + oldest_first.context["cl"].after)
    assert shown(second) == expected[::-1][3:6]
    assert b"Older" in second.content


def test_the_list_says_how_many_there_are_or_about_how_many(admin_client, monkeypatch):
    from recognizer.admin.drawings import DrawingAdmin

    monkeypatch.setattr(DrawingAdmin, "list_per_page", 2)
    for read in ("7", "7", "7", "1"):
        make_drawing(read=read)
    assert "1 drawing\n" in admin_client.get(LIST, {"read": "1"}).content.decode()
    assert "2+ drawings" in admin_client.get(LIST, {"read": "7"}).content.decode()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE recognizer_drawing")
    assert "about " in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    "place", ["x", "2026-01-01 5", "2026-01-01T00:00:00+00:00 x", "before ", "99999", "é 3"]
)
def test_a_place_that_is_none_is_no_error(admin_client, place):
    make_drawing()
    assert admin_client.get(LIST, {"p": place}, follow=True).status_code == 200


def test_years_months_and_days_lead_to_what_was_drawn_then(admin_client):
    drawing = make_drawing()
    today = drawing.created_at
    here = LIST
    for _ in range(3):
        cl = admin_client.get(here).context["cl"]
        here = LIST + cl.dates["choices"][-1]["link"]
    cl = admin_client.get(here).context["cl"]
    assert shown(admin_client.get(here)) == [drawing.pk]
    assert here.endswith(
        urlencode(
            {
                "created_at__day": today.day,
                "created_at__month": today.month,
                "created_at__year": today.year,
            }
        )
    )
    assert cl.dates["back"]["title"] == f"{today:%B %Y}"


@pytest.mark.parametrize(
    "query", ["created_at__year=x", "created_at__year=2026&created_at__month=77"]
)
def test_a_date_that_is_none_is_no_error(admin_client, query):
    make_drawing()
    assert admin_client.get(f"{LIST}?{query}", follow=True).status_code == 200
