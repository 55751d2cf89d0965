from datetime import UTC, datetime, timedelta

import pytest

from recognizer.models import ModelVersion, Promotion
from recognizer.tests.admin_desk import queries_of
from recognizer.tests.factories import make_version

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/modelversion/"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def promoted(moment, version=None):
    version = version or make_version()
    row = Promotion.objects.create(version=version)
    Promotion.objects.filter(pk=row.pk).update(promoted_at=moment)
    return version


def shown(client, day):
    response = client.get(LIST, {"day": day})
    assert response.status_code == 200
    return response.context["day_in_words"]


def test_the_version_of_a_moment_is_the_last_one_promoted_until_then():
    first, second = promoted(NOON), promoted(NOON + timedelta(hours=1))
    active_on = ModelVersion.objects.active_on
    assert active_on(NOON - MOMENT) is None
    assert active_on(NOON) == first
    assert active_on(NOON + timedelta(hours=1) - MOMENT) == first
    assert active_on(NOON + timedelta(hours=1)) == second
    assert active_on(NOON + timedelta(days=400)) == second


def test_of_two_promotions_in_one_moment_the_later_row_counts():
    promoted(NOON)
    second = promoted(NOON)
    assert ModelVersion.objects.active_on(NOON) == second


def test_a_rollback_counts_as_any_other_change():
    first = promoted(NOON)
    promoted(NOON + timedelta(hours=1))
    promoted(NOON + timedelta(hours=2), first)
    assert ModelVersion.objects.active_on(NOON + timedelta(hours=3)) == first


def test_the_list_tells_which_versions_were_active_on_a_day(admin_client):
    first = promoted(NOON - timedelta(days=2))
    second = promoted(NOON)
    third = promoted(NOON + timedelta(hours=3, minutes=5))
    assert shown(admin_client, "2026-03-07") == "No version at the start of the day."
    assert shown(admin_client, "2026-03-08") == (
        f"No version at the start of the day; {first} from 12:00 (UTC)."
    )
    assert shown(admin_client, "2026-03-09") == f"{first}, all day."
    assert shown(admin_client, "2026-03-10") == (
        f"{first} at the start of the day; {second} from 12:00; {third} from 15:05 (UTC)."
    )
    assert shown(admin_client, "2026-03-11") == f"{third}, all day."


def test_a_day_begins_and_ends_at_midnight(admin_client):
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    before, after = promoted(midnight - MOMENT), promoted(midnight)
    assert shown(admin_client, "2026-03-09").endswith(f"{before} from 23:59 (UTC).")
    assert shown(admin_client, "2026-03-10") == (
        f"{before} at the start of the day; {after} from 00:00 (UTC)."
    )
    assert shown(admin_client, "2026-03-11") == f"{after}, all day."


def test_a_day_is_one_of_the_sites_time_zone(admin_client, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    version = promoted(datetime(2026, 3, 9, 16, 30, tzinfo=UTC))
    assert shown(admin_client, "2026-03-09") == "No version at the start of the day."
    assert shown(admin_client, "2026-03-10").endswith(f"{version} from 01:30 (Asia/Tokyo).")


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "0001-01-01", "9999-12-31", ""])
def test_a_day_that_is_none_breaks_nothing(admin_client, day):
    promoted(NOON)
    assert admin_client.get(LIST, {"day": day}).status_code == 200


def test_a_day_to_come_is_not_foretold(admin_client):
    promoted(NOON)
    assert shown(admin_client, "2999-01-01") == "That day is in the future."


def test_the_day_is_no_filter_of_the_list(admin_client):
    version = promoted(NOON)
    html = admin_client.get(LIST, {"day": "2026-03-10", "state__exact": "active"}).content.decode()
    assert 'value="2026-03-10"' in html
    assert f"{version}</a></th>" not in html


def test_the_page_takes_as_many_queries_for_20_promotions_as_for_2(admin_client):
    for hours in range(2):
        promoted(NOON + timedelta(hours=hours))
    address = f"{LIST}?day=2026-03-10&state__exact=active"
    admin_client.get(address)
    for_two = queries_of(admin_client, address)
    for minutes in range(18):
        promoted(NOON + timedelta(minutes=minutes))
    assert queries_of(admin_client, address) == for_two
