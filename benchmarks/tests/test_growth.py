"""The cost of a page does not grow with the number of stored drawings.

The tests count the database's work (see `benchmarks.growth.work`), not time. Filters match the
same few drawings, however many others there are.
"""

from urllib.parse import urlencode

import pytest
from django.db import connection

from benchmarks.growth import page_costs, report
from benchmarks.growth.page_costs import LIST
from recognizer.admin import dashboard, desk, keyset_lists
from recognizer.drawings import review
from recognizer.models import Drawing, ModelVersion, Prediction
from recognizer.sample_data import filling
from recognizer.tests.factories import ONE, make_drawing, make_label, make_picture, make_user

pytestmark = pytest.mark.django_db

DENSE_ENOUGH_ONLY_LATER = {"admin list, one month"}
"""Of these a small database holds less than a page; one row in so many is one at any size."""

GATHERED_FROM_FEW = {
    "admin list, by the first version",
    "admin list, a picture",
}
"""Of a few thousand rows PostgreSQL at times gathers all that such a filter leaves before it looks
at the newest; what it does with a million, `make growth-report POSTGRES=1` shows."""

OF_LABELS = "admin, labels"


def few_of_everything():
    active = ModelVersion.objects.active()
    for value, state in [("1", "suggested"), ("7", "approved"), ("7", "refused")]:
        make_label(make_drawing(version=active, picture=make_picture()), value, state=state)
    make_label(make_drawing(read="1", version=active), "7", state="approved")
    for _ in range(desk.AT_ONCE + 1):
        make_drawing(ONE, version=active)


@pytest.mark.usefixtures("shipped_model")
def test_no_page_costs_more_with_four_times_as_many_drawings(monkeypatch):
    monkeypatch.setattr(desk, "COUNTED", 5)  # the real limit of 1,000 is too high here
    monkeypatch.setattr(keyset_lists, "LOOKED_AT", 100)
    monkeypatch.setattr(dashboard, "KEPT_FROM", 1)
    page_costs.make_versions()
    few_of_everything()
    filling.fill(600, processes=1, labelled={})
    _prefer_indexes()
    small = page_costs.measure()
    filling.fill(1800, processes=1, seed=2, labelled={})
    large = page_costs.measure()
    gathered = GATHERED_FROM_FEW if connection.vendor == "postgresql" else set()
    assert not _grown(small, large, but=DENSE_ENOUGH_ONLY_LATER | gathered)
    assert {name: cost["queries"] for name, cost in large.items()} == {
        name: cost["queries"] for name, cost in small.items()
    }


@pytest.mark.usefixtures("shipped_model")
def test_no_list_of_labels_costs_more_with_four_times_as_many_labels(monkeypatch):
    monkeypatch.setattr(keyset_lists, "MOST_COUNTED", 60)
    labelled = {"suggested": 0.5, "approved": 0.5}
    filling.fill(200, processes=1, labelled=labelled)
    _prefer_indexes()
    small = page_costs.measure(OF_LABELS)
    filling.fill(600, processes=1, seed=2, labelled=labelled)
    large = page_costs.measure(OF_LABELS)
    # The small database has less than a page for one month, kind or value.
    assert not _grown(small, large, but=set(large) - {OF_LABELS})


def _grown(small, large, *, but):
    return {
        name: (small[name]["work"], cost["work"])
        for name, cost in large.items()
        if name not in but and cost["work"] > 1.5 * small[name]["work"]
    }


def _prefer_indexes():
    """Disable sequential scans: PostgreSQL rightly uses them for a few thousand rows."""
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


def read_in_turn(reads):
    """Make drawings with these predictions, newest first; return their keys by prediction."""
    made = [(make_drawing(read=read).pk, read) for read in reversed(reads)]
    return {read: [pk for pk, one in reversed(made) if one == read] for read in reads}


def pages_from(client, address, way):
    """Return what each page shows on the way to the end, and the last response."""
    found, response = [], client.get(address)
    found.append(shown(response))
    while further := getattr(response.context["cl"], way):
        response = client.get(LIST + further)
        found.append(shown(response))
        assert len(found) < 20
    return found, response


def test_a_filter_looks_at_so_many_at_a_time_and_misses_none(admin_client, monkeypatch):
    from recognizer.admin.drawings import DrawingAdmin

    monkeypatch.setattr(DrawingAdmin, "list_per_page", 2)
    monkeypatch.setattr(keyset_lists, "LOOKED_AT", 4)
    wanted = read_in_turn("777777111177777177777")["1"]
    pages, last = pages_from(admin_client, f"{LIST}?read=1", "after")
    assert pages == [[], wanted[:2], wanted[2:4], wanted[4:], [], []]
    assert "Searched 4 drawings" in admin_client.get(f"{LIST}?read=1").content.decode()
    assert "Searched" not in last.content.decode()
    back, first = pages_from(admin_client, LIST + last.context["cl"].before, "before")
    assert [pk for page in back[::-1] for pk in page] == wanted
    assert shown(admin_client.get(LIST + first.context["cl"].after))


def test_what_an_index_finds_is_found_however_far_back(admin_client, monkeypatch):
    monkeypatch.setattr(keyset_lists, "LOOKED_AT", 2)
    monkeypatch.setattr(keyset_lists, "SCATTERED_LOOKED_AT", 2)
    corrected = [make_drawing(read="1", user=make_user("ada")) for _ in range(2)]
    for drawing in corrected:
        make_label(drawing, "7", state="approved")
    read_in_turn("777777")
    expected = [drawing.pk for drawing in reversed(corrected)]
    assert shown(admin_client.get(LIST, {"label": "corrected"})) == expected
    assert shown(admin_client.get(LIST, {"q": "ada"})) == expected
    assert shown(admin_client.get(LIST, {"label": "corrected", "read": "1"})) == expected


@pytest.mark.parametrize(
    "cursor", ["x", "2026-01-01 5", "2026-01-01T00:00:00+00:00 x", "before ", "99999", "é 3"]
)
def test_a_cursor_that_is_none_is_no_error(admin_client, cursor):
    make_drawing()
    assert admin_client.get(LIST, {"p": cursor}, follow=True).status_code == 200


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


# The review desk


def test_the_queue_of_suspected_labels_goes_on_newest_first_and_sorts_nothing(shipped_model):
    drawings = [make_drawing(read="1", version=shipped_model) for _ in range(5)]
    for drawing in drawings:
        make_label(drawing, "7", state="approved")
    first = review.next_in_queue("suspected", "", 2)
    second = review.next_in_queue("suspected", first[-1][0], 2)
    third = review.next_in_queue("suspected", second[-1][0], 2)
    newest_first = [drawing.pk for drawing in reversed(drawings)]
    assert [pk for _, pk in first + second + third] == newest_first
    if connection.vendor == "sqlite":  # PostgreSQL rightly sorts small tables
        assert "TEMP B-TREE" not in Prediction.objects.suspected()[:10].explain()


def test_of_many_copies_none_is_looked_at_to_count_them(monkeypatch):
    copies = [make_drawing(ONE) for _ in range(4)][1:]
    Drawing.objects.order_by("pk")[:1].get().delete()  # so the first copy has no original any more
    assert review.left("duplicates", 10) == 2
    monkeypatch.setattr(review, "MOST_LOOKED_AT", 2)
    assert review.left("duplicates", 10) == len(copies)


# The report


def figures_of(times, seconds=None):
    sizes = dict.fromkeys(["tables", "indexes", "strokes", "bitmap", "scores"], 100)
    side = {"drawings": 1_000_000, "seconds_to_fill": seconds, "bytes_a_drawing": sizes}
    page = {"ms": [10.0, 10.0 * times], "times": times, "work": [5, 6], "work_times": 1.2}
    ends = {"small": {**side, "drawings": 10_000}, "large": side}
    return {"database": "sqlite", "machine": "two cores", **ends, "pages": {"history": page}}


def test_the_report_names_what_takes_over_half_as_long_again():
    assert report.missed(figures_of(1.5)) == []
    assert report.missed(figures_of(1.51)) == ["history takes 1.51 times as long"]
    assert report.missed(figures_of(1.0, seconds=599)) == []
    assert report.missed(figures_of(1.0, seconds=601)) == ["filling took 601 s, over 600 s"]
    words = report.in_words(figures_of(1.51))
    assert "| history | 10.0 | 15.1 | 1.51 NO | 5 | 6 | 1.20 |" in words
    assert "(tables 100, indexes 100)" in words


class Steady:
    """A database that takes `ms`, but ten times as long for the first `slow` requests."""

    def __init__(self, ms, slow=0):
        self.ms, self.slow = ms, slow

    def ask(self, what, **about):
        if what == "names":
            return ["history"]
        if what == "work":
            return {"work": 10, "queries": 3}
        self.slow -= 1
        return {"ms": self.ms * (10 if self.slow >= 0 else 1)}


def test_a_page_that_was_disturbed_is_measured_again():
    assert report.compared(Steady(10), Steady(12, slow=4), 5)["history"]["times"] == 1.2
    assert report.compared(Steady(10), Steady(16), 5)["history"]["times"] == 1.6
