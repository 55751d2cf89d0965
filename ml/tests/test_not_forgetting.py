"""What keeps a fine-tuning from forgetting: hard samples in the replay, and going back."""

import numpy as np
import pytest

from ml import evaluation, pretrained
from ml.contract import DIGITS
from ml.dataset import load_bitmaps
from ml.inference import load_trained
from ml.replay import hard_and_easy

PLAN = pretrained.result()["plan"]
CLASSES = tuple(PLAN["classes"])


def test_half_of_what_is_kept_of_each_label_is_its_hardest() -> None:
    classifier = load_trained(pretrained.ARTIFACT)
    some = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(1000))

    kept = hard_and_easy(some, 200, classifier, seed=1)

    assert [(kept.labels == digit).sum() for digit in DIGITS] == [20] * 10
    wrong = int((~evaluation.answer(classifier, some).right).sum())
    assert wrong > 0
    assert (~evaluation.answer(classifier, kept).right).sum() == wrong
    assert len(np.unique(kept.images.reshape(len(kept), -1), axis=0)) == len(kept)


@pytest.mark.parametrize(("most_forgotten", "kept"), [(1000.0, {1.0}), (0.05, {0.15, 0.25, 0.35})])
def test_a_fine_tuning_goes_back_until_older_samples_are_read_as_before(
    most_forgotten: float, kept: set[float]
) -> None:
    from ml.batches import validation_batches
    from ml.plan import Plan
    from ml.training import blend, load_network

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
