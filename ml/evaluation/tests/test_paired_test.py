import pytest

from ml.evaluation.paired_test import chance_of_so_many


@pytest.mark.parametrize(
    ("won", "lost", "chance"),
    [
        (0, 0, 1.0),
        (1, 0, 1 / 2),
        (5, 0, 1 / 32),
        (0, 5, 1.0),
        (5, 3, (56 + 28 + 8 + 1) / 256),
        (9, 1, (10 + 1) / 1024),
        (3, 3, (20 + 15 + 6 + 1) / 64),
    ],
)
def test_the_chance_is_that_of_tossing_a_coin(won: int, lost: int, chance: float) -> None:
    assert chance_of_so_many(won, lost) == pytest.approx(chance)


def test_both_tails_and_the_middle_make_one() -> None:
    at_least = [chance_of_so_many(won, 12 - won) for won in range(13)]
    exactly_seven = at_least[7] - at_least[8]
    assert exactly_seven == pytest.approx(792 / 4096)


def test_thousands_of_images_are_no_trouble() -> None:
    assert chance_of_so_many(5100, 4900) == pytest.approx(0.0233, abs=0.0001)
