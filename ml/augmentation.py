"""Random changes to training bitmaps, so that a network meets more hands than it has seen."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ml.contract import IMAGE_SIZE


@dataclass(frozen=True)
class Augmentation:
    """How far a bitmap may be bent; each amount is drawn uniformly from ± its value."""

    rotation_deg: float = 10.0
    shift: float = 0.10
    zoom: float = 0.10
    shear: float = 0.10


def augment(images: tf.Tensor, how: Augmentation) -> tf.Tensor:
    """One random affine map a bitmap; paper where it looks past an edge.

    Args:
        images: (n, 28, 28, 1) float32, ink 1.0.

    Returns:
        The same shape and range, bilinearly sampled.
    """
    matrices = affine_matrices(tf.shape(images)[0], how)  # (n, 8)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=matrices,
        output_shape=tf.constant([IMAGE_SIZE, IMAGE_SIZE]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def affine_matrices(count: tf.Tensor | int, how: Augmentation) -> tf.Tensor:
    """(n, 8) rows a0 a1 a2 b0 b1 b2 0 0: where in the input each output pixel looks.

    Rotation, shear and zoom turn about the image centre; the shift comes last.
    """

    def uniform(amount: float) -> tf.Tensor:
        return tf.random.uniform([count], -amount, amount)

    angle = uniform(np.deg2rad(how.rotation_deg))
    shear = uniform(how.shear)
    across, down = 1.0 + uniform(how.zoom), 1.0 + uniform(how.zoom)
    a0, a1 = across * tf.cos(angle), -across * tf.sin(angle) + shear
    b0, b1 = down * tf.sin(angle), down * tf.cos(angle)
    middle = (IMAGE_SIZE - 1) / 2
    a2 = middle - a0 * middle - a1 * middle + uniform(how.shift * IMAGE_SIZE)
    b2 = middle - b0 * middle - b1 * middle + uniform(how.shift * IMAGE_SIZE)
    zero = tf.zeros_like(a0)
    return tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)
