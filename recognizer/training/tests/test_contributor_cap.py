import uuid
from typing import Any

import pytest

from recognizer.models import Drawing
from recognizer.tests.factories import make_drawing, make_label, make_user
from recognizer.training import retraining
from recognizer.training.contributor_cap import Contribution, most_from_one, within_share


@pytest.mark.parametrize(
    ("counts", "share", "most"),
    [
        ([], 0.3, 0),
        ([40], 0.3, 40),
        ([50], 0.3, 50),
        ([51], 0.3, 50),
        ([1000], 0.3, 50),
        ([1000], 1.0, 1000),
        # 428 of 428 + 1,000 is 30 %.
        ([1000, *[10] * 100], 0.3, 428),
        # 100 of 100 + 300 is 25 %: nothing is over.
        ([100, 100, 100, 100], 0.3, 100),
        # 75 of 75 + 175 would be 30 %.
        ([200, *[35] * 5], 0.3, 75),
        ([60, 10, 10], 0.0, 50),
    ],
)
def test_one_contributor_gives_at_most_the_share_of_what_is_left(
    counts: list[int], share: float, most: int
) -> None:
    assert most_from_one(counts, share) == most


def contributions(count: int, contributor: str, start: int = 0) -> list[Contribution]:
    return [
        Contribution(number, uuid.UUID(int=number), "7", contributor)
        for number in range(start, start + count)
    ]


def test_the_same_drawings_stay_whatever_order_they_come_in() -> None:
    given = [*contributions(200, "troll"), *contributions(20, "ada", start=1000)]
    kept = within_share(given, 0.3)
    assert within_share(reversed(given), 0.3) == kept
    by_troll = [one.drawing for one in kept if one.contributor == "troll"]
    assert len(by_troll) == 50
    assert by_troll != list(range(50))
    assert len(kept) == 70


@pytest.mark.django_db
@pytest.mark.usefixtures("shipped_model")
def test_a_run_leaves_out_what_one_person_gave_too_much_and_says_so(admin_client: Any) -> None:
    troll = make_user("troll")
    for user in [troll] * 53 + [None] * 5:
        make_label(make_drawing(user=user, read=None), "7", state="approved")
    run = retraining.request_run(Drawing.objects.all(), by=None)
    assert run.drawings.filter(user=troll).count() == 50
    assert run.drawings.filter(user=None).count() == 5
    html = admin_client.get(f"/admin/recognizer/trainingrun/{run.pk}/change/").content.decode()
    assert (
        "55 to train on, 3 left out, because one person may contribute at most 30 % of a run,"
        " or 50 drawings if that is more." in html
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("shipped_model")
def test_what_a_visitor_drew_counts_as_one_persons() -> None:
    visitor = uuid.uuid4()
    for _ in range(52):
        make_label(make_drawing(visitor=visitor, read=None), "7", state="approved")
    run = retraining.request_run(Drawing.objects.all(), by=None)
    assert run.drawings.count() == 50
