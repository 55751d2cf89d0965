"""Data sets as TensorFlow takes them in: shuffled, weighed, varied, a batch at a time."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ml.data.augmentation import augment
from ml.data.dataset import Dataset
from ml.learning.auxiliary import ANSWERS, second_targets
from ml.learning.distillation import Soften
from ml.plan import Plan


def training_batches(dataset: Dataset, plan: Plan, soften: Soften | None = None) -> tf.data.Dataset:
    """Endlessly varied batches: ((n, 28, 28, 1) float32, (n, classes) float32, one-hot).

    Where the plan has a second loss, its (n, ANSWERS) targets lie beside those.

    One pass holds as many samples as the plan says, or the set has. Each is drawn in proportion to
    its weight; equal weights mean each exactly once a pass. `soften` has the last word on the
    targets of the scores.
    """
    images, targets = dataset.images, dataset.targets(plan.classes)
    weights = dataset.weights.astype(np.float64)
    even = bool(np.all(weights == weights[0]))

    def order() -> NDArray[np.intp]:
        rng = np.random.default_rng(next(seeds))
        if even and not plan.epoch_samples:
            return rng.permutation(len(dataset))
        return systematic_draw(weights, plan.epoch_samples or len(dataset), rng)

    seeds = iter(np.random.SeedSequence(plan.seed).generate_state(10_000).tolist())

    def batches() -> object:
        picked = order()
        for start in range(0, len(picked), plan.batch_size):
            part = picked[start : start + plan.batch_size]
            yield images[part, :, :, None], targets[part], dataset.by_pen[part]

    signature = (
        tf.TensorSpec((None, *images.shape[1:], 1), tf.uint8),
        tf.TensorSpec((None,), tf.int64),
        tf.TensorSpec((None,), tf.bool),
    )
    how = plan.augmentation
    angles = [how.pen_clockwise_deg.get(name, 0.0) for name in plan.classes]

    def turned(labels: tf.Tensor, by_pen: tf.Tensor) -> tf.Tensor | None:
        if not any(angles):
            return None
        return tf.gather(tf.constant(angles, tf.float32), labels) * tf.cast(by_pen, tf.float32)

    def sample(x: tf.Tensor, y: tf.Tensor, by_pen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images = augment(tf.cast(x, tf.float32) / 255.0, how, turned(y, by_pen))
        targets = tf.one_hot(y, len(plan.classes))
        if soften:
            images, targets = soften(images, targets)
        if plan.second_loss:
            targets = tf.concat([targets, second_targets(y, by_pen, plan.classes)], axis=1)
        return images, targets

    return (
        tf.data.Dataset.from_generator(batches, output_signature=signature)
        .map(sample, num_parallel_calls=1, deterministic=True)
        .prefetch(4)
    )


def systematic_draw(
    weights: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """`count` shuffled indices, each as often as its weight says, give or take one."""
    edges = np.cumsum(weights / weights.sum()) * count
    ticks = np.arange(count) + rng.uniform()
    picked = np.minimum(np.searchsorted(edges, ticks, side="right"), len(weights) - 1)
    return rng.permutation(picked)


def validation_batches(dataset: Dataset, plan: Plan) -> tf.data.Dataset:
    """The set once, in order and unchanged; a second answer is not asked for."""
    images = dataset.images.astype(np.float32)[..., None] / 255.0
    targets = np.eye(len(plan.classes), dtype=np.float32)[dataset.targets(plan.classes)]
    if plan.second_loss:
        targets = np.pad(targets, ((0, 0), (0, ANSWERS)))
    return tf.data.Dataset.from_tensor_slices((images, targets)).batch(500)
