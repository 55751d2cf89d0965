"""The dashboard and its counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from ml.contract import NOT_A_DIGIT
from recognizer.admin import dashboard, overview
from recognizer.admin.overview import Agreement
from recognizer.admin.tests.test_admin_permissions import INLINE, sign_in
from recognizer.models import Drawing, ModelVersion, Promotion
from recognizer.tests.admin_desk import queries_of
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_prediction,
    make_run,
    make_version,
)

pytestmark = pytest.mark.django_db

PAGE = "/admin/dashboard/"
COUNTS = "/admin/recognizer/drawing/desk/counts/"


def drawn(days_ago=0, label=None, **fields):
    """A drawing of that day with the approved label `label`."""
    drawing = make_drawing(**fields)
    moment = timezone.now() - timedelta(days=days_ago)
    Drawing.objects.filter(pk=drawing.pk).update(created_at=moment)
    if label:
        make_label(drawing, label, state="approved")
    return drawing


# Counts


def test_every_day_of_the_period_is_counted_also_those_without_a_drawing():
    for days_ago in (0, 0, 2, 29, 30, 59, 60):
        drawn(days_ago)
    counts = overview.drawings_a_day(30)
    today = timezone.now().astimezone(UTC).date()
    assert len(counts) == 30
    assert counts[-1] == (today, 2)
    assert counts[-3:] == [
        (today - timedelta(days=2), 1),
        (today - timedelta(days=1), 0),
        counts[-1],
    ]
    assert counts[0] == (today - timedelta(days=29), 1)
    assert overview.drawings_before(30) == 2


def test_a_day_begins_at_midnight_in_utc():
    drawing = drawn()
    midnight = datetime.combine(overview.first_day(30), datetime.min.time(), UTC)
    Drawing.objects.filter(pk=drawing.pk).update(created_at=midnight)
    assert overview.drawings_a_day(30)[0][1] == 1
    Drawing.objects.filter(pk=drawing.pk).update(created_at=midnight - timedelta(microseconds=1))
    assert overview.drawings_a_day(30)[0][1] == 0
    assert overview.drawings_before(30) == 1


def test_agreement_is_of_first_predictions_with_approved_labels_by_version():
    old, new = make_version(1), make_version(2)
    drawn(label="7", read="7", version=old)
    drawn(label="1", read="7", version=old)
    drawn(label=NOT_A_DIGIT, read="", version=old)
    drawn(3, label="7", read="7", version=new)
    drawn(40, label="1", read="7", version=new)
    replayed = drawn(label="1", read="7", version=new)
    make_prediction(replayed, "1", version=old, served=False)
    make_label(drawn(read="7", version=new), "1", state="refused")
    make_label(drawn(read="7", version=new), "1")
    drawn(label="7", read=None)

    found = overview.agreement(30, 1)

    assert found[1][-1] == Agreement(labelled=3, agreed=2)
    assert found[2][-4] == Agreement(labelled=1, agreed=1)
    assert found[2][-1] == Agreement(labelled=1, agreed=0)
    assert overview.total(found.values()) == Agreement(labelled=5, agreed=3)
    assert [line[-1] for line in overview.agreement(90, 7).values()] == [
        Agreement(3, 2),
        Agreement(2, 1),
    ]


def test_versions_beyond_the_newest_are_added_up():
    for number in range(1, overview.MOST_LINES + 3):
        drawn(label="7", read="7", version=make_version(number))
    found = overview.agreement(30, 1)
    assert sorted(found) == [0, 3, 4, 5, 6, 7]
    assert found[0][-1] == Agreement(2, 2)


def test_what_is_read_now_stands_beside_what_was_read_before():
    for _ in range(3):
        drawn(0, read="7", confidence=0.8)
    drawn(6, read="")
    drawn(7, read="1", confidence=0.6)
    drawn(40, read="1")
    found = overview.readings(30)
    shares = {row.name: row for row in found.shares}
    assert [row.name for row in found.shares] == [*"0123456789", "refused"]
    assert (shares["7"].now, shares["7"].now_of, shares["7"].before_of) == (3, 4, 1)
    assert shares["refused"].now_share == 0.25
    assert shares["1"].before_share == 1.0
    assert found.now_sure == pytest.approx(0.8)
    assert found.before_sure == pytest.approx(0.6)


def test_of_very_many_predictions_the_newest_count(monkeypatch):
    monkeypatch.setattr(overview, "MOST_READ", 2)
    for hours_ago, read in enumerate(["1", "1", "7"]):
        drawn(hours_ago / 24, read=read)
    shares = {row.name: row for row in overview.readings(30).shares}
    assert (shares["1"].now, shares["1"].now_of) == (2, 2)


@pytest.mark.parametrize(
    ("now", "before", "stands_out"),
    [
        ((130, 1000), (100, 1000), False),
        ((160, 1000), (100, 1000), True),
        ((0, 10), (0, 10), False),
        ((5, 10), (0, 0), False),
    ],
)
def test_a_share_stands_out_where_it_changed_by_more_than_noise(now, before, stands_out):
    assert overview.ReadShare("7", *now, *before).stands_out is stands_out


# The page


def fill():
    version = make_version(state=ModelVersion.State.ACTIVE)
    Promotion.objects.create(version=version)
    for days_ago in (0, 1, 10):
        drawn(days_ago, label="7", version=version)
    run = make_run(state="succeeded", base_version=version)
    make_version(run=run)


def test_the_page_shows_it_without_inline_script_or_style(admin_client):
    fill()
    html = admin_client.get(PAGE, {"days": "90"}).content.decode()
    assert not INLINE.search(html)
    assert 'href="?days=90" aria-current="page"' in html
    assert "on 3 of 3 labelled drawings" in html
    assert "100.0 %" in html
    assert 'href="/admin/recognizer/trainingrun/' in html


def test_a_site_on_which_nothing_has_happened_says_so(admin_client):
    html = admin_client.get(PAGE).content.decode()
    assert "Nobody has drawn anything yet" in html
    assert "has an approved label yet" in html
    assert "There are no training runs yet" in html
    assert "no version is active" in html


def test_the_page_takes_as_many_queries_for_many_rows_as_for_few(admin_client):
    fill()
    admin_client.get(PAGE)
    few = queries_of(admin_client, PAGE)
    for number in range(5, 12):
        version = make_version(number)
        drawn(number, label="1", version=version)
        make_run(base_version=version)
    assert queries_of(admin_client, PAGE) == few
    assert few < 20


def test_what_was_counted_among_very_many_is_kept_for_a_while(admin_client, monkeypatch):
    fill()
    drawn_of_few = admin_client.get(PAGE).context["drawn"]
    monkeypatch.setattr(dashboard, "KEPT_FROM", int(drawn_of_few))
    assert "and predictions as of" not in admin_client.get(PAGE).content.decode()
    drawn()
    response = admin_client.get(PAGE)
    assert response.context["drawn"] == drawn_of_few
    assert "and predictions as of" in response.content.decode()
    cache.clear()
    assert int(admin_client.get(PAGE).context["drawn"]) == int(drawn_of_few) + 1


def test_staff_see_what_they_may_see(client):
    fill()
    assert client.get(PAGE).url.startswith("/admin/login/")
    sign_in(client)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/admin/").content.decode()
    sign_in(client, "view_drawing")
    html = client.get(PAGE).content.decode()
    assert "Last training runs" not in html
    assert "To review" not in html
    assert "/admin/recognizer/modelversion/" not in html
    assert client.get(COUNTS).status_code == 403
    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()


def test_reviewers_see_the_lengths_of_the_queues(client):
    sign_in(client, "change_drawing")
    make_drawing()
    make_drawing()
    assert client.get(COUNTS).json() == {
        "counts": {"unreviewed": 2, "suspected": 0, "duplicates": 1},
        "counted": 1000,
    }
