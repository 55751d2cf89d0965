"""Train a network, or fine-tune one that is there already."""

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ml.contract import JSON, NOT_A_DIGIT
from ml.data.dataset import Dataset
from ml.learning.architectures import ARCHITECTURES
from ml.learning.auxiliary import BothLosses, ScoresAccuracy, with_second_answer
from ml.learning.batches import training_batches, validation_batches
from ml.learning.distillation import softener
from ml.plan import Plan
from ml.reading.calibration import DIGITS_LOST, choose_threshold, fit_temperature

Report = Callable[[JSON], None]
"""Takes one event: {"event": "epoch" | "step" | …, …}."""


@dataclass(frozen=True)
class Fit:
    """What a training left behind: the best network by validation, and its history."""

    network: keras.Model
    history: list[JSON]
    best_epoch: int
    seconds: float
    blend: float = 1.0


def train(
    plan: Plan,
    train_set: Dataset,
    validation_set: Dataset,
    checkpoint: Path,
    initial: Path | None = None,
    report: Report = lambda event: None,
    older: Dataset | None = None,
    teachers: Sequence[Path] = (),
) -> Fit:
    """Fit a network; the epoch that the plan says is kept in `checkpoint`.

    Args:
        checkpoint: a .weights.h5 file to write.
        initial: a .weights.h5 file to start from instead of random weights.
        report: called on each step and epoch.
        older: samples that it is not trained on here, of what `initial` had learned.
        teachers: .weights.h5 files of networks whose answers are mixed into the targets.

    Raises:
        ValueError: `initial` or a teacher belongs to another network or other classes.
    """
    seed_everything(plan.seed)
    keras.mixed_precision.set_dtype_policy(plan.precision)
    network = ARCHITECTURES[plan.architecture](len(plan.classes), plan.dropout)
    if initial is not None:
        _start_from(network, initial, plan)
    before = network.get_weights()
    steps = -(-(plan.epoch_samples or len(train_set)) // plan.batch_size)
    loss: keras.losses.Loss = keras.losses.CategoricalCrossentropy(
        label_smoothing=plan.label_smoothing
    )
    trained, accuracy = network, "accuracy"
    if plan.second_loss:
        trained, loss, accuracy = (
            with_second_answer(network),
            BothLosses(plan),
            ScoresAccuracy(plan),
        )
    trained.compile(optimizer=_optimizer(plan, steps), loss=loss, metrics=[accuracy])
    progress = _Progress(plan, steps, report)
    started = time.monotonic()
    trained.fit(
        training_batches(train_set, plan, softener(plan, teachers) if teachers else None),
        validation_data=validation_batches(validation_set, plan),
        epochs=plan.epochs,
        verbose=0,
        callbacks=[
            # First, so that what follows evaluates and stores the averaged weights.
            *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if plan.ema_momentum else []),
            keras.callbacks.ModelCheckpoint(
                checkpoint,
                monitor="val_loss",
                save_best_only=plan.keep == "best",
                save_weights_only=True,
            ),
            *(_plateau_callbacks(plan) if plan.schedule == "plateau" else []),
            progress,
        ],
    )
    if trained is not network:
        trained.load_weights(checkpoint)
        network.save_weights(checkpoint)
    best_network = load_network(plan.architecture, plan.classes, checkpoint)
    share = 1.0
    if plan.most_forgotten and older is not None:
        share = blend(best_network, before, validation_batches(older, plan), plan.most_forgotten)
    best_network.save_weights(checkpoint)  # again, without the optimiser's moments
    best = progress.history[-1]
    if plan.keep == "best":
        best = min(progress.history, key=lambda epoch: float(epoch["val_loss"]))
    return Fit(
        network=best_network,
        history=progress.history,
        best_epoch=int(best["epoch"]),
        seconds=time.monotonic() - started,
        blend=share,
    )


BLENDS = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


def blend(
    network: keras.Model,
    before: list[NDArray[np.float32]],
    older: tf.data.Dataset,
    most_forgotten: float,
) -> float:
    """Go back towards the weights before the fine-tuning until little of what was known is lost.

    On the line from the old weights to the new ones, what was learned comes sooner than what
    was known goes. Lost is what the log loss of an older sample rose by; that others are read
    better than before makes up for none of it.

    Args:
        before: its weights before.
        older: samples that it had learned then, but not in the fine-tuning.
        most_forgotten: how much may be lost, in the mean over these.

    Returns:
        Which share of the way was kept: the largest of BLENDS that keeps to it, or the least.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models", 2022.
    """
    after = network.get_weights()
    targets = np.concatenate([np.asarray(part) for _, part in older])  # (n, classes), one-hot

    def losses_at(share: float) -> NDArray[np.float32]:
        pairs = zip(before, after, strict=True)
        network.set_weights([old + share * (new - old) for old, new in pairs])
        scores = network.predict(older, verbose=0)
        losses: NDArray[np.float32] = -np.log(np.maximum((scores * targets).sum(axis=1), 1e-7))
        return losses

    known = losses_at(0.0)

    def lost_at(share: float) -> float:
        return float(np.maximum(losses_at(share) - known, 0).mean())

    return next((share for share in BLENDS if lost_at(share) <= most_forgotten), BLENDS[-1])


def _start_from(network: keras.Model, initial: Path, plan: Plan) -> None:
    """Load stored weights; those of a network without NOT_A_DIGIT, its last class, will do.

    Raises:
        ValueError: the weights belong to another network.
    """
    try:
        network.load_weights(initial)
        return
    except ValueError:
        if plan.classes[-1] != NOT_A_DIGIT:
            raise
    older = ARCHITECTURES[plan.architecture](len(plan.classes) - 1)
    older.load_weights(initial)
    for layer, known in zip(network.layers, older.layers, strict=True):
        if layer.name == "scores":
            kernel, bias = layer.get_weights()
            kernel[..., :-1], bias[:-1] = known.get_weights()
            layer.set_weights([kernel, bias])
        else:
            layer.set_weights(known.get_weights())


def calibrate(
    network: keras.Model,
    validation_set: Dataset,
    classes: tuple[str, ...],
    also_drawn: Dataset,
) -> dict[str, float]:
    """Fit a temperature, fold it into the last layer, and choose the refusal threshold.

    Args:
        also_drawn: for the threshold: validation drawings as they are and, where scans are redrawn
            in training, as drawn on the canvas. There a digit is refused three times as soon.

    Returns:
        {"temperature": …, "reject_above": …}
    """

    def predicted(part: Dataset) -> NDArray[np.float32]:
        images = part.images[..., None] / np.float32(255)
        answers: NDArray[np.float32] = network.predict(images, batch_size=500, verbose=0)
        return answers

    temperature = fit_temperature(predicted(validation_set), validation_set.targets(classes))
    scores = network.get_layer("scores")
    scores.set_weights([weights / temperature for weights in scores.get_weights()])
    reject_above = 1.0
    if NOT_A_DIGIT in classes:
        of_digits = predicted(also_drawn.select(also_drawn.labels != NOT_A_DIGIT))
        reject_above = choose_threshold(of_digits[:, classes.index(NOT_A_DIGIT)], DIGITS_LOST)
    return {"temperature": temperature, "reject_above": reject_above}


def predict_classes(plan: Plan, weights: Path, images: NDArray[np.uint8]) -> NDArray[np.str_]:
    """(n,) the likeliest class of each of the (n, 28, 28) bitmaps, by stored weights."""
    network = load_network(plan.architecture, plan.classes, weights)
    scores = network.predict(images[..., None] / np.float32(255), batch_size=500, verbose=0)
    found: NDArray[np.str_] = np.array(plan.classes)[scores.argmax(axis=1)]
    return found


def _optimizer(plan: Plan, steps: int) -> keras.optimizers.Optimizer:
    rate: float | keras.optimizers.schedules.LearningRateSchedule = plan.learning_rate
    if plan.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=plan.learning_rate / 20,
            decay_steps=max(1, plan.epochs * steps - steps),
            warmup_target=plan.learning_rate,
            warmup_steps=steps,
        )
    if plan.ema_momentum:
        return keras.optimizers.Adam(rate, use_ema=True, ema_momentum=plan.ema_momentum)
    return keras.optimizers.Adam(rate)


def _plateau_callbacks(plan: Plan) -> list[keras.callbacks.Callback]:
    return [
        keras.callbacks.ReduceLROnPlateau(
            monitor="val_loss",
            factor=0.5,
            patience=plan.plateau_patience,
            min_lr=plan.smallest_learning_rate,
        ),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=plan.stop_patience),
    ]


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow; threads may still change the last digits."""
    random.seed(seed)
    np.random.seed(seed)
    tf.random.set_seed(seed)
    keras.utils.set_random_seed(seed)


def limit_threads(threads: int) -> None:
    """Use at most so many cores; call before TensorFlow does any work."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def load_network(architecture: str, classes: tuple[str, ...], weights: Path) -> keras.Model:
    """A float32 network with stored weights, as it is exported and served.

    Raises:
        ValueError: the weights belong to another network.
    """
    keras.mixed_precision.set_dtype_policy("float32")
    network = ARCHITECTURES[architecture](len(classes))
    network.load_weights(weights)
    return network


def average(architecture: str, classes: tuple[str, ...], weights: Sequence[Path]) -> keras.Model:
    """A network whose weights are the mean of several, of trainings that began at the same ones.

    Raises:
        ValueError: some of the weights belong to another network.

    Source: Wortsman et al., "Model soups", 2022.
    """
    several = [load_network(architecture, classes, path) for path in weights]
    parts = zip(*(network.get_weights() for network in several), strict=True)
    several[0].set_weights([np.mean(part, axis=0) for part in parts])
    return several[0]


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the history and reports about two steps a second."""

    def __init__(self, plan: Plan, steps: int, report: Report) -> None:
        super().__init__()
        self.history: list[JSON] = []
        self._plan, self._steps, self._report = plan, steps, report
        self._epoch, self._last, self._started = 1, 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: JSON | None = None) -> None:
        self._epoch, self._started = epoch + 1, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: JSON | None = None) -> None:
        now = time.monotonic()
        if now - self._last < 0.5:
            return
        self._last = now
        self._report(
            {
                "event": "step",
                "epoch": self._epoch,
                "epochs": self._plan.epochs,
                "step": batch + 1,
                "steps": self._steps,
                **{name: float(value) for name, value in (logs or {}).items()},
            }
        )

    def on_epoch_end(self, epoch: int, logs: JSON | None = None) -> None:
        record = {
            "epoch": epoch + 1,
            "epochs": self._plan.epochs,
            "seconds": round(time.monotonic() - self._started, 2),
            **{name: float(value) for name, value in (logs or {}).items()},
        }
        self.history.append(record)
        self._report({"event": "epoch", **record})
