"""Targets that other networks soften: a student learns what they see in each varied image.

Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from ml.contract import NOT_A_DIGIT
from ml.learning.architectures import ARCHITECTURES
from ml.plan import Plan

Soften = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""(n, 28, 28, 1) images and (n, classes) targets in, the same images and softer targets out."""


def softener(plan: Plan, teachers: Sequence[Path]) -> Soften:
    """Mix the mean answer of the teachers into the targets, as much as the plan says.

    A teacher that knows no NOT_A_DIGIT has nothing to say of such a sample; its target stays.

    Args:
        teachers: .weights.h5 files of the plan's architecture.

    Raises:
        ValueError: a file belongs to another network.
    """
    networks = [_load(plan, path) for path in teachers]
    share = plan.teachers_share

    def soften(images: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        answers = [_all_classes(network(images, training=False), targets) for network in networks]
        return images, (1 - share) * targets + share * tf.add_n(answers) / len(answers)

    return soften


def _all_classes(answer: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """(n, classes) of an answer that may lack the last class."""
    answer = tf.cast(answer, tf.float32)
    if answer.shape[-1] == targets.shape[-1]:
        return answer
    unknown = targets[:, -1:] > 0.5
    return tf.where(unknown, targets, tf.pad(answer, [[0, 0], [0, 1]]))


def _load(plan: Plan, weights: Path) -> keras.Model:
    every = len(plan.classes)
    for count in (every, every - 1) if plan.classes[-1] == NOT_A_DIGIT else (every,):
        network = ARCHITECTURES[plan.architecture](count)
        try:
            network.load_weights(weights)
        except ValueError:
            continue
        network.trainable = False
        return network
    raise ValueError(f"{weights} holds no {plan.architecture} of these classes.")
