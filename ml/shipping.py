# ruff: noqa: E501  the card is prose
"""Assemble `ml/pretrained` from a finished training: the model, its card, and replay data."""

import json
import shutil
from pathlib import Path

import numpy as np

from ml import evaluation, pretrained
from ml.contract import JSON
from ml.dataset import (
    Dataset,
    concatenate,
    load_mnist,
    load_set,
    only_classes,
    save_bitmaps,
    split_validation,
    stratified_sample,
)
from ml.inference import Classifier

REPLAY_MNIST, REPLAY_SETS = 6_000, 3_000


def ship(run: Path, mnist: Path, sets: list[Path], target: Path = pretrained.FOLDER) -> None:
    """Copy a training's result into `target` and write what retraining needs beside it.

    The replay holds training images only, never validation or test images of
    the shipped model.
    """
    result: JSON = json.loads((run / "result.json").read_text())
    for name in ("model.tflite", "model.weights.h5", "confusion.png", "result.json"):
        if (run / name).resolve() != (target / name).resolve():
            shutil.copyfile(run / name, target / name)
    plan = result["plan"]
    classes, seed = tuple(plan["classes"]), int(plan["seed"])
    parts = [(load_mnist(mnist, "train"), REPLAY_MNIST)]
    if sets:
        further = concatenate(
            _trained_on(only_classes(load_set(path), classes), result) for path in sets
        )
        parts.append((further, REPLAY_SETS))
    chosen = []
    for index, (part, count) in enumerate(parts):
        kept = _trained_on(part, result) if index == 0 else part
        chosen.append(kept.select(stratified_sample(kept.labels, count, seed)))
    replay = concatenate(chosen)
    save_bitmaps(target / pretrained.REPLAY.name, replay.images, replay.labels, replay.writers)
    test = load_mnist(mnist, "test")
    save_bitmaps(target / pretrained.MNIST_TEST.name, test.images, test.labels, test.writers)
    (target / "MODEL_CARD.md").write_text(model_card(result, target))


def _trained_on(part: Dataset, result: JSON) -> Dataset:
    kept, _ = split_validation(part, result["validation_share"], int(result["plan"]["seed"]))
    return part.select(np.asarray(kept))


def model_card(result: JSON, folder: Path) -> str:
    """The card, every figure from `result.json` or measured on the spot."""
    artifact = folder / "model.tflite"
    classifier = Classifier.load(artifact, tuple(result["plan"]["classes"]))
    latency = evaluation.measure_latency(classifier)
    test, validation = result["metrics"]["mnist_test"], result["metrics"]["validation"]
    low, high = test["interval"]
    augmentation = result["plan"]["augmentation"]
    data = "\n".join(
        f"| {name} | `{digest}` |" for name, digest in result["data"]["sources"].items()
    )
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"""# Model card

Reads one handwritten digit in a 28x28 bitmap. Made by `python -m ml train` and assembled by
`python -m ml ship`, which wrote this page; every figure is of the exported `model.tflite`.

| figure | value |
| --- | --- |
| accuracy on the 10,000 MNIST test images | {test["accuracy"]:.2%} ({test["errors"]} wrong; 95 % interval {low:.2%} to {high:.2%}) |
| expected calibration error there, 15 bins | {test["expected_calibration_error"]:.4f} |
| accuracy on the validation split ({validation["samples"]:,} images) | {validation["accuracy"]:.2%} |
| strokes to scores, one core, median / 99th percentile | {latency["median_ms"]} ms / {latency["p99_ms"]} ms |
| file | {artifact.stat().st_size:,} bytes, float32 LiteRT |
| parameters | {result["parameters"]:,} |

![Confusion matrix](confusion.png)

## How it was trained

Network `{result["plan"]["architecture"]}`: two Conv2D(32), two Conv2D(64), one Conv2D(128), each with batch
normalisation, max pooling and 25 % dropout after each block, global average pooling, Dense(256),
50 % dropout, softmax. Rotation ±{augmentation["rotation_deg"]:g}°, shifts ±{augmentation["shift"]:.0%}, zoom ±{augmentation["zoom"]:.0%}, shear ±{augmentation["shear"]:g}.
Adam {result["plan"]["learning_rate"]:g}, ReduceLROnPlateau, EarlyStopping, ModelCheckpoint on validation loss; {result["plan"]["precision"]}.

{result["data"]["train"]:,} images to train on, {result["data"]["validation"]:,} to validate on (by writer where writers are known),
seed {result["plan"]["seed"]}, {len(result["history"])} epochs of {result["plan"]["batch_size"]} a batch, best epoch {result["best_epoch"]}, {result["seconds"] / 60:.0f} minutes.
The test images were looked at once, after all of that. {versions}.

| data | SHA-256 |
| --- | --- |
{data}

## What it cannot do

It knows ten digits and nothing else: of a letter or a scribble it names the digit that looks most
alike, at times with confidence. It reads one digit at a time.

## Beside it

`model.weights.h5` is where fine-tuning starts. `replay.npz` holds training images that are mixed into
every retraining, so that old digits are not forgotten; `mnist_test.npz` holds the MNIST test images, so
that every candidate is judged without a download. `DATA_LICENCES.md` names their sources and licences.
"""
