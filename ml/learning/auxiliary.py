"""A second answer that a network has to give while it is trained, and that is not kept.

Where MNIST was written a 1 is a stick, and a stroke with a flag is a 7; where flags belong to a 1
a 7 has a bar. On a canvas both hands write. What a pen drew there and what was scanned can be
told apart, though not easily: a network that has to tell, of each 1 and 7, also which of both it
is, learns the border between them for each.

Source: Caruana, "Multitask learning", 1997.
"""

import keras
import numpy as np
import tensorflow as tf

from ml.plan import Plan

LABELS = ("1", "7")
"""Whose samples have to be told apart."""

ANSWERS = 2 * len(LABELS)


def second_targets(labels: tf.Tensor, by_pen: tf.Tensor, classes: tuple[str, ...]) -> tf.Tensor:
    """(n, ANSWERS) one-hot; nothing where a label is not one of LABELS.

    Args:
        labels: (n,) indices in `classes`.
        by_pen: (n,) whether a pen drew it on a canvas.
    """
    number = np.array([LABELS.index(name) if name in LABELS else -1 for name in classes])
    mine = tf.gather(tf.constant(number, tf.int64), labels)
    answer = tf.where(mine < 0, mine, 2 * mine + tf.cast(by_pen, tf.int64))
    return tf.one_hot(answer, ANSWERS)


def with_second_answer(network: keras.Model) -> keras.Model:
    """The network, whose layers it shares, with both answers side by side: (n, classes + ANSWERS).

    The second one is given from what the network knows just before its scores.
    """
    known = network.get_layer("scores").input
    second = keras.layers.Dense(ANSWERS, activation="softmax", dtype="float32", name="second")
    both = keras.layers.Concatenate(dtype="float32")([network.output, second(known)])
    return keras.Model(network.input, both)


class BothLosses(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of the scores, and so much of the second answer's as the plan says."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(name="both_losses")
        self._classes, self._share = len(plan.classes), plan.second_loss
        self._smoothing = plan.label_smoothing

    def call(self, targets: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
        """(n,) from (n, classes + ANSWERS) each."""
        crossentropy, n = keras.losses.categorical_crossentropy, self._classes
        first = crossentropy(targets[:, :n], answers[:, :n], label_smoothing=self._smoothing)
        return first + self._share * crossentropy(targets[:, n:], answers[:, n:])


class ScoresAccuracy(keras.metrics.CategoricalAccuracy):  # type: ignore[misc]
    """The share of samples whose scores are right, whatever the second answer is."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(name="accuracy")
        self._classes = len(plan.classes)

    def update_state(
        self, targets: tf.Tensor, answers: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        """Count in (n, classes + ANSWERS) each."""
        n = self._classes
        super().update_state(targets[:, :n], answers[:, :n], sample_weight)
