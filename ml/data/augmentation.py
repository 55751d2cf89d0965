"""Random changes to training bitmaps, so that a network meets more hands than it has seen."""

import numpy as np
import tensorflow as tf

from ml.contract import IMAGE_SIZE
from ml.plan import Augmentation


def augment(
    images: tf.Tensor, how: Augmentation, clockwise_deg: tf.Tensor | None = None
) -> tf.Tensor:
    """One random affine map a bitmap, but for those that stay; paper where it looks past an edge.

    Those that stay keep every pixel's grey, and are moved by whole pixels at most.

    Args:
        images: (n, 28, 28, 1) float32, ink 1.0.
        clockwise_deg: (n,) around which angle each is turned; around 0 if None.

    Returns:
        The same shape and range, bilinearly sampled.
    """
    as_they_are = images
    if how.elastic_px:
        images = distort(images, how.elastic_px)
    matrices = affine_matrices(tf.shape(images)[0], how, clockwise_deg)  # (n, 8)
    bent = _mapped(images, matrices, "BILINEAR")
    if not how.untouched:  # every operation more would change what a seed draws
        return bent
    stays = tf.random.uniform([tf.shape(images)[0], 1, 1, 1]) < how.untouched
    if how.untouched_moved_px:
        as_they_are = _moved(as_they_are, how.untouched_moved_px)
    return tf.where(stays, as_they_are, bent)


def _mapped(images: tf.Tensor, matrices: tf.Tensor, interpolation: str) -> tf.Tensor:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=matrices,
        output_shape=tf.constant([IMAGE_SIZE, IMAGE_SIZE]),
        fill_value=0.0,
        interpolation=interpolation,
        fill_mode="CONSTANT",
    )


def _moved(images: tf.Tensor, most_px: int) -> tf.Tensor:
    """Each bitmap moved by 0 to `most_px` whole pixels along each axis; every grey is kept."""
    count = tf.shape(images)[0]
    by_px = tf.random.uniform([count, 2], -most_px, most_px + 1, tf.int32)
    across, down = tf.unstack(tf.cast(by_px, tf.float32), axis=1)
    one, zero = tf.ones([count]), tf.zeros([count])
    matrices = tf.stack([one, zero, across, zero, one, down, zero, zero], axis=1)  # (n, 8)
    return _mapped(images, matrices, "NEAREST")


def distort(images: tf.Tensor, amount_px: float) -> tf.Tensor:
    """Elastic distortion: each bitmap's pixels are pushed by a smooth random field.

    Args:
        amount_px: standard deviation of the push, in pixels.

    Source: Simard, Steinkraus and Platt, "Best practices for convolutional
    neural networks applied to visual document analysis", 2003.
    """
    count = tf.shape(images)[0]
    coarse = tf.random.normal([count, 6, 6, 2], stddev=1.6 * amount_px)  # bicubic damps it
    push = tf.image.resize(coarse, [IMAGE_SIZE, IMAGE_SIZE], method="bicubic")  # (n, 28, 28, 2)
    axis = tf.range(IMAGE_SIZE, dtype=tf.float32)
    place = tf.stack(tf.meshgrid(axis, axis, indexing="ij"), axis=-1) + push
    place = tf.clip_by_value(place, 0.0, IMAGE_SIZE - 1.001)
    low = tf.floor(place)
    share = place - low
    y, x = tf.unstack(tf.cast(low, tf.int32), axis=-1)  # (n, 28, 28) each
    flat = tf.reshape(images, [count, IMAGE_SIZE * IMAGE_SIZE])

    def pixel(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        index = tf.reshape(rows * IMAGE_SIZE + columns, [count, IMAGE_SIZE * IMAGE_SIZE])
        found = tf.gather(flat, index, batch_dims=1)
        return tf.reshape(found, [count, IMAGE_SIZE, IMAGE_SIZE])

    down, right = share[..., 0], share[..., 1]
    top = pixel(y, x) * (1 - right) + pixel(y, x + 1) * right
    bottom = pixel(y + 1, x) * (1 - right) + pixel(y + 1, x + 1) * right
    return (top * (1 - down) + bottom * down)[..., None]


def affine_matrices(
    count: tf.Tensor | int, how: Augmentation, clockwise_deg: tf.Tensor | None = None
) -> tf.Tensor:
    """(n, 8) rows a0 a1 a2 b0 b1 b2 0 0: where in the input each output pixel looks.

    Rotation, shear and zoom turn about the image centre; the shift comes last.

    Args:
        clockwise_deg: (n,) around which angle each is turned; around 0 if None.
    """

    def uniform(amount: float) -> tf.Tensor:
        return tf.random.uniform([count], -amount, amount)

    angle = uniform(np.deg2rad(how.rotation_deg))
    if clockwise_deg is not None:
        angle -= clockwise_deg * np.deg2rad(1.0)
    shear = uniform(how.shear)
    across, down = 1.0 + uniform(how.zoom), 1.0 + uniform(how.zoom)
    a0, a1 = across * tf.cos(angle), -across * tf.sin(angle) + shear
    b0, b1 = down * tf.sin(angle), down * tf.cos(angle)
    middle = (IMAGE_SIZE - 1) / 2
    a2 = middle - a0 * middle - a1 * middle + uniform(how.shift * IMAGE_SIZE)
    b2 = middle - b0 * middle - b1 * middle + uniform(how.shift * IMAGE_SIZE)
    zero = tf.zeros_like(a0)
    return tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)
