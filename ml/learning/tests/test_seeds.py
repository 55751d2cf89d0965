"""Trainings with several seeds: what they are validated on, and what is said of them."""

import numpy as np
import pytest

from ml import pretrained
from ml.data.assembly import split_seed
from ml.data.dataset import as_split, halves
from ml.data.tests.test_dataset import small_set
from ml.learning.shipping import model_card
from ml.plan import Plan


def test_a_seed_of_its_own_decides_what_is_validated_on() -> None:
    people = small_set([f"hand {index}" for index in range(40)])
    result = {"plan": {"seed": 15}, "split_seed": 5, "validation_share": 0.2}

    same, other = halves(people, 0.2, 5), halves(people, 0.2, 15)

    for half, expected in zip(as_split(people, result), same, strict=True):
        np.testing.assert_array_equal(half.writers, expected.writers)
    assert set(same[1].writers) != set(other[1].writers)
    del result["split_seed"]  # as trainings were recorded before
    np.testing.assert_array_equal(as_split(people, result)[1].writers, other[1].writers)


def test_without_one_the_seed_decides() -> None:
    assert split_seed(Plan(seed=3, split_seed=None)) == 3
    assert split_seed(Plan(seed=3, split_seed=0)) == 0


def test_a_seed_that_would_make_up_what_is_validated_on_is_refused() -> None:
    with pytest.raises(ValueError, match="take another"):
        split_seed(Plan(seed=6, split_seed=5))


@pytest.mark.parametrize(
    ("ships", "said"),
    [(None, "trained on from a mean of weights, theirs among them"), (15, "Seed 15 ships")],
)
def test_the_card_says_what_each_seed_reached(ships: int | None, said: str) -> None:
    seeds = [
        {"seed": seed, "accuracy": accuracy, "ships": seed == ships}
        for seed, accuracy in ((5, 0.996), (15, 0.997), (25, 0.9965))
    ]

    card = model_card(pretrained.result(pretrained.FOLDER) | {"seeds": seeds}, pretrained.FOLDER)

    assert "with 3 seeds reached 99.65%" in card
    assert "99.70% with seed 15" in card
    assert said in card
