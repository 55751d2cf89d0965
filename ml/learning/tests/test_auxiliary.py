"""What a network learns beside its scores: which 1s and 7s a pen drew, and which were scanned."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ml import pretrained
from ml.contract import DIGITS
from ml.data.dataset import load_bitmaps


def test_a_1_and_a_7_are_each_asked_what_drew_them_and_nothing_else_is() -> None:
    from ml.learning.auxiliary import second_targets

    labels, by_pen = np.array([1, 7, 3, 1, 7]), np.array([False, True, True, True, False])
    np.testing.assert_array_equal(
        second_targets(labels, by_pen, DIGITS),
        [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
    )


def test_both_losses_are_the_scores_and_a_share_of_the_second() -> None:
    from ml.learning.auxiliary import ANSWERS, BothLosses
    from ml.plan import Plan

    targets, answers = np.zeros((2, 10 + ANSWERS)), np.full((2, 10 + ANSWERS), 0.1)
    targets[:, 3] = 1
    targets[1, 10] = 1
    answers[:, 10:] = 0.25
    loss = BothLosses(Plan(second_loss=0.5)).call(targets, answers)
    np.testing.assert_allclose(loss, [np.log(10), np.log(10) + 0.5 * np.log(4)], rtol=1e-6)


def test_what_is_kept_of_a_training_with_a_second_loss_is_the_network_alone(
    tmp_path: Path,
) -> None:
    from ml.learning.training import load_network, train
    from ml.plan import Plan

    some = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(600))
    some = replace(some, by_pen=np.arange(600) % 2 == 0)
    shipped = pretrained.result()["plan"]
    plan = Plan(
        architecture=shipped["architecture"],
        classes=tuple(shipped["classes"]),
        second_loss=1.0,
        epochs=1,
        learning_rate=1e-4,
    )
    kept = tmp_path / "kept.weights.h5"
    fit = train(plan, some, some, kept, initial=pretrained.WEIGHTS)
    images = some.images[..., None] / np.float32(255)
    scores = load_network(plan.architecture, plan.classes, kept).predict(images, verbose=0)
    assert scores.shape == (600, len(plan.classes))
    np.testing.assert_allclose(scores, fit.network.predict(images, verbose=0), atol=1e-6)
    right = (scores.argmax(axis=1) == some.targets(plan.classes)).mean()
    assert right > 0.98
    assert abs(right - fit.history[-1]["val_accuracy"]) < 0.005
    true = scores[np.arange(600), some.targets(plan.classes)]
    assert abs(-np.log(true).mean() - fit.history[-1]["val_loss"]) < 0.01
