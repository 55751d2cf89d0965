"""What a student learns from teachers. Real networks, with random weights."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.contract import DIGITS, NOT_A_DIGIT

IMAGES = np.random.default_rng(0).uniform(size=(4, 28, 28, 1)).astype(np.float32)
CLASSES = (*DIGITS, NOT_A_DIGIT)


def weights_of(folder: Path, classes: int, seed: int) -> tuple[Path, NDArray[np.float32]]:
    """A stored network, and what it answers to IMAGES."""
    import keras

    from ml.learning.architectures import source_cnn

    keras.utils.set_random_seed(seed)
    network = source_cnn(classes)
    path = folder / f"{seed}.weights.h5"
    network.save_weights(path)
    return path, np.asarray(network(IMAGES, training=False))


def test_the_mean_answer_of_the_teachers_is_mixed_into_the_targets(tmp_path: Path) -> None:
    from ml.learning.distillation import softener
    from ml.plan import Plan

    first, says_first = weights_of(tmp_path, 10, seed=1)
    second, says_second = weights_of(tmp_path, 10, seed=2)
    targets = np.eye(10, dtype=np.float32)[[3, 1, 4, 1]]
    _, softer = softener(Plan(teachers_share=0.4), [first, second])(IMAGES, targets)
    expected = 0.6 * targets + 0.4 * (says_first + says_second) / 2
    np.testing.assert_allclose(softer, expected, atol=1e-6)


def test_a_teacher_of_digits_has_nothing_to_say_of_what_is_none(tmp_path: Path) -> None:
    from ml.learning.distillation import softener
    from ml.plan import Plan

    teacher, says = weights_of(tmp_path, 10, seed=3)
    targets = np.eye(11, dtype=np.float32)[[3, 10, 4, 10]]
    plan = Plan(classes=CLASSES, teachers_share=0.5)
    softer = np.asarray(softener(plan, [teacher])(IMAGES, targets)[1])
    np.testing.assert_array_equal(softer[[1, 3]], targets[[1, 3]])
    np.testing.assert_allclose(softer[0, :10], 0.5 * targets[0, :10] + 0.5 * says[0], atol=1e-6)
    assert softer[0, 10] == 0


def test_weights_of_another_network_are_no_teacher(tmp_path: Path) -> None:
    from ml.learning.distillation import softener
    from ml.plan import Plan

    teacher, _ = weights_of(tmp_path, 10, seed=4)
    with pytest.raises(ValueError, match="holds no residual_cnn"):
        softener(Plan(architecture="residual_cnn", teachers_share=0.5), [teacher])
