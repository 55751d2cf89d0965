"""The networks, by name."""

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from ml.contract import IMAGE_SIZE


@keras.saving.register_keras_serializable("ml")
class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalisation whose training step is TensorFlow's one fused kernel.

    Keras 3 computes moments and scales in separate passes; fused, an epoch of
    `source_cnn` in bfloat16 takes half the time on a CPU. At inference it is
    the layer it inherits from.
    """

    def call(self, x: tf.Tensor, training: bool | None = None, mask: None = None) -> tf.Tensor:
        if not training:
            return super().call(x, training=False)
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x,
            tf.cast(self.gamma, tf.float32),
            tf.cast(self.beta, tf.float32),
            epsilon=self.epsilon,
            is_training=True,
        )
        keep = self.momentum
        self.moving_mean.assign(keep * self.moving_mean + (1 - keep) * mean)
        self.moving_variance.assign(keep * self.moving_variance + (1 - keep) * variance)
        return y


def source_cnn(classes: int, dropout: float = 1.0) -> keras.Model:
    """The network of the product's source document: 174,762 trainable parameters for ten.

    Two Conv2D(32), two Conv2D(64), one Conv2D(128), each batch-normalised; max
    pooling and 25 % dropout after each block; global average pooling;
    Dense(256); 50 % dropout; softmax.

    Takes (n, 28, 28, 1) float32, ink 1.0; gives (n, classes) probabilities.

    Args:
        dropout: how much of that dropout there is, 0 to 1.
    """
    image, x = _source_blocks(dropout)
    return keras.Model(image, _scores(x, classes, dropout), name="source_cnn")


def residual_cnn(classes: int, dropout: float = 1.0) -> keras.Model:
    """The source's network with a residual block of Conv2D(128) before it pools the last time.

    0.47 million parameters, 25 million multiply-adds. A residual network that scored from all of
    its last 4x4 reached as much on MNIST, but read drawings by other writers less well.

    Takes (n, 28, 28, 1) float32, ink 1.0; gives (n, classes) probabilities.

    Args:
        dropout: as of `source_cnn`.
    """
    image, x = _source_blocks(dropout)
    x = layers.Dropout(0.25 * dropout)(_residual_block(x))
    return keras.Model(image, _scores(x, classes, dropout), name="residual_cnn")


def _source_blocks(dropout: float) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """(n, 28, 28, 1) in, (n, 3, 3, 128) out."""
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1), name="image")
    x = image
    for filters, depth in ((32, 2), (64, 2), (128, 1)):
        for _ in range(depth):
            x = _convolve(x, filters)
        x = layers.MaxPooling2D()(x)  # 28 -> 14 -> 7 -> 3
        x = layers.Dropout(0.25 * dropout)(x)
    return image, x


def _scores(x: keras.KerasTensor, classes: int, dropout: float) -> keras.KerasTensor:
    x = layers.GlobalAveragePooling2D()(x)  # (n, 128)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.Dropout(0.5 * dropout)(x)
    # float32: a softmax in bfloat16 has only three digits.
    return layers.Dense(classes, activation="softmax", dtype="float32", name="scores")(x)


def _convolve(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(FusedBatchNormalization()(x))


def _residual_block(x: keras.KerasTensor) -> keras.KerasTensor:
    filters = x.shape[-1]
    y = _convolve(x, filters)
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    return layers.ReLU()(layers.Add()([x, FusedBatchNormalization()(y)]))


ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "source_cnn": source_cnn,
    "residual_cnn": residual_cnn,
}
