import pytest

from recognizer.registry.gate_rule import CORRECTIONS, DRAWN, MNIST, Count, decide, in_words
from recognizer.registry.reasons import in_english


def count(key: str, right: int, wrong: int, samples: int = 10_000) -> Count:
    """A count in which all other images are right before and after."""
    return Count(key, samples, samples - right, samples - wrong, right, wrong)


SAME = count(MNIST, 5, 3)
EMPTY = count(DRAWN, 0, 0, samples=0)


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        (5, 3, "same"),
        (0, 0, "same"),
        # p = 1/16 is over 0.05, 1/32 is under it.
        (0, 4, "same"),
        (0, 5, "worse"),
        # 11/1024 is under 0.05; 46/512 is not.
        (1, 9, "worse"),
        (2, 7, "same"),
        # 1/32 is not under 0.05 / 3, 1/64 is.
        (5, 0, "same"),
        (6, 0, "better"),
    ],
)
def test_a_set_is_better_or_worse_only_beyond_noise(right: int, wrong: int, finding: str) -> None:
    assert count(DRAWN, right, wrong).finding(0.05 / 3) == finding


@pytest.mark.parametrize(
    ("key", "right", "wrong", "finding"),
    [
        # 21 of 36 has p = 0.2, which may be chance. The limit on lost images applies anyway.
        (MNIST, 15, 20, "same"),
        (MNIST, 15, 21, "worse"),
        (DRAWN, 15, 21, "same"),
    ],
)
def test_mnist_may_not_lose_more_than_5_in_10000_even_by_chance(
    key: str, right: int, wrong: int, finding: str
) -> None:
    assert count(key, right, wrong).finding(0.05) == finding


def test_better_on_one_and_worse_on_none_passes() -> None:
    decision = decide([SAME, EMPTY, count(CORRECTIONS, 6, 0, samples=40)])
    assert decision.passed
    assert decision.findings == {MNIST: "same", DRAWN: "empty", CORRECTIONS: "better"}
    assert in_english(decision.reason) == (
        "Better on past corrections (6 newly right, 0 newly wrong; p = 0.016);"
        " not worse on any, beyond noise."
    )


def test_worse_on_one_is_refused_however_much_better_on_the_others() -> None:
    decision = decide([SAME, count(DRAWN, 1, 9, 50), count(CORRECTIONS, 30, 0, 40)])
    assert not decision.passed
    assert in_english(decision.reason) == (
        "Worse on the drawn test set (1 newly right, 9 newly wrong; p = 0.011)."
    )


def test_a_loss_on_mnist_that_may_be_chance_is_named_as_what_it_is() -> None:
    decision = decide([count(MNIST, 15, 21), EMPTY, count(CORRECTIONS, 30, 0, 40)])
    assert not decision.passed
    assert in_english(decision.reason) == (
        "Worse on the MNIST test (15 newly right, 21 newly wrong:"
        " at most 5 more may be lost than won)."
    )


def test_no_difference_is_refused_and_says_what_would_do() -> None:
    decision = decide([SAME, EMPTY, count(CORRECTIONS, 4, 0, samples=4)])
    assert not decision.passed
    assert in_english(decision.reason) == (
        "Not worse, but not better on any of them beyond noise either."
        " 6 images newly right on one of them, and none newly wrong, would do."
    )


def test_the_threshold_is_shared_among_the_sets_that_have_images() -> None:
    corrections = count(CORRECTIONS, 5, 0, samples=5)
    assert decide([EMPTY, corrections]).passed
    assert not decide([SAME, corrections]).passed
    assert decide([SAME, corrections]).better_below == 0.025
    assert decide([SAME, EMPTY, corrections]).better_below == 0.025


def test_figures_are_told_in_one_line() -> None:
    figures = {
        "key": MNIST, "finding": "same", "before": 9966, "after": 9968, "samples": 10_000,
        "newly_right": 5, "newly_wrong": 3, "p": 93 / 256,
    }  # fmt: skip
    assert in_words(figures) == (
        "MNIST test: 9,966 -> 9,968 of 10,000 right; 5 newly right, 3 newly wrong;"
        " p = 0.36: no difference beyond noise"
    )
    assert in_words({"key": DRAWN, "finding": "empty"}) == "drawn test set: nothing to compare yet"
