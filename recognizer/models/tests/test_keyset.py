"""Where a sorted list goes on."""

import pytest

from recognizer.models import Drawing, keyset
from recognizer.tests.factories import make_drawing

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawings():
    """Four in the order of time; the two in the middle were made at one moment."""
    made = [make_drawing() for _ in range(4)]
    moment = made[1].created_at
    Drawing.objects.filter(pk=made[2].pk).update(created_at=moment)
    return [drawing.pk for drawing in made], moment


@pytest.mark.parametrize(
    ("part", "inclusive", "expected"),
    [
        (keyset.after, False, [2, 3]),
        (keyset.after, True, [1, 2, 3]),
        (keyset.before, False, [0]),
        (keyset.before, True, [0, 1]),
    ],
)
def test_of_rows_made_at_one_moment_the_key_decides(drawings, part, inclusive, expected):
    pks, moment = drawings
    rows = part(Drawing.objects.all(), "created_at", (moment, pks[1]), inclusive=inclusive)
    found = rows.order_by("created_at", "pk").values_list("pk", flat=True)
    assert list(found) == [pks[index] for index in expected]
