"""What keeps a fine-tuning from forgetting: hard samples in the replay, and going back."""

from pathlib import Path

import numpy as np
import pytest

from ml import pretrained
from ml.__main__ import main
from ml.contract import DIGITS
from ml.data.dataset import Dataset, load_bitmaps
from ml.data.mixture import with_hard_negatives
from ml.evaluation import metrics
from ml.learning.replay import hard_and_easy
from ml.reading.inference import load_trained

PLAN = pretrained.result()["plan"]
CLASSES = tuple(PLAN["classes"])


def test_half_of_what_is_kept_of_each_label_is_its_hardest() -> None:
    classifier = load_trained(pretrained.ARTIFACT)
    some = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(1000))

    kept = hard_and_easy(some, 200, classifier, seed=1)

    assert [(kept.labels == digit).sum() for digit in DIGITS] == [20] * 10
    wrong = int((~metrics.answer(classifier, some).right).sum())
    assert wrong > 0
    assert (~metrics.answer(classifier, kept).right).sum() == wrong
    assert len(np.unique(kept.images.reshape(len(kept), -1), axis=0)) == len(kept)


@pytest.mark.parametrize(("most_forgotten", "kept"), [(1000.0, {1.0}), (0.05, {0.1, 0.2, 0.3})])
def test_a_fine_tuning_goes_back_until_older_samples_are_read_as_before(
    most_forgotten: float, kept: set[float]
) -> None:
    from ml.learning.batches import validation_batches
    from ml.learning.training import blend, load_network
    from ml.plan import Plan

    network = load_network(PLAN["architecture"], CLASSES, pretrained.WEIGHTS)
    older = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(300))
    batches = validation_batches(older, Plan(classes=CLASSES))
    before = network.get_weights()
    # It takes every digit for the next one.
    scores = network.get_layer("scores")
    scores.set_weights([np.roll(weights, 1, axis=-1) for weights in scores.get_weights()])
    after = network.get_weights()

    share = blend(network, before, batches, most_forgotten)

    assert share in kept
    for old, new, blended in zip(before, after, network.get_weights(), strict=True):
        np.testing.assert_allclose(blended, old + share * (new - old), rtol=1e-6)


def test_for_each_misread_drawing_older_samples_of_what_it_is_taken_for_are_seen() -> None:
    older = _set("1 1 7 7 7 9", weight=1)
    drawings = _set("1 1 1 9", weight=3)

    more = with_hard_negatives(older, drawings, np.array(["7", "1", "7", "4"]), times=2)

    # Two of weight 3 are taken for a 7; no older sample shows a 4.
    np.testing.assert_allclose(more.weights, [1, 1, 5, 5, 5, 1])
    np.testing.assert_array_equal(older.weights, np.ones(6))


@pytest.mark.parametrize("others", [[], ["--initial", str(pretrained.WEIGHTS), "--redraw", "1"]])
def test_hard_negatives_are_not_passed_over_in_silence(
    others: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replay = ["--replay", str(pretrained.REPLAY)]

    done = main(
        ["train", "--output", str(tmp_path / "run"), "--hard-negatives", "3", *replay, *others]
    )

    assert done == 1
    assert "--hard-negatives goes with --initial" in capsys.readouterr().err


def _set(labels: str, weight: float) -> Dataset:
    names = np.array(labels.split())
    return Dataset(
        np.zeros((len(names), 28, 28), np.uint8),
        names,
        np.full(len(names), ""),
        np.full(len(names), weight, np.float32),
        np.zeros(len(names), bool),
    )
