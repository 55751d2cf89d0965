# ruff: noqa: E501  the card is prose
"""Assemble `ml/pretrained` from a finished training: the model, its card, and replay data."""

import json
import shutil
from pathlib import Path

from ml import pretrained
from ml.contract import DIGITS, JSON, NOT_A_DIGIT
from ml.data.dataset import (
    Dataset,
    as_split,
    concatenate,
    load_mnist,
    load_set,
    only_classes,
    save_bitmaps,
)
from ml.data.mixture import learnable
from ml.evaluation import metrics
from ml.evaluation.charts import reliability_svg
from ml.learning.replay import replay
from ml.reading.calibration import DIGITS_LOST
from ml.reading.inference import Classifier, load_trained


def ship(
    run: Path,
    mnist: Path,
    sets: list[Path],
    seeds: list[Path],
    target: Path = pretrained.FOLDER,
) -> None:
    """Copy a training's result into `target` and write what retraining needs beside it.

    The replay holds training images only, never validation or test images of
    the shipped model.

    Args:
        seeds: trainings of one recipe with several seeds, to report the mean of: `run` among them,
            or the mean of their weights where `run` began.
    """
    result = pretrained.result(run)
    for name in ("model.tflite", "model.weights.h5", "confusion.png"):
        if (run / name).resolve() != (target / name).resolve():
            shutil.copyfile(run / name, target / name)
    from ml.learning.web_export import export_trained

    export_trained(run / pretrained.WEIGHTS.name, target / pretrained.WEB.name)
    if seeds:
        result["seeds"] = [_seed(folder) | {"ships": folder == run} for folder in seeds]
    result["precisions"] = _precisions(run, result, mnist, sets)
    (target / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    kept = replay(result, mnist, sets, load_trained(run / pretrained.ARTIFACT.name))
    save_bitmaps(
        target / pretrained.REPLAY.name, kept.images, kept.labels, kept.writers, kept.by_pen
    )
    test = load_mnist(mnist, "test")
    save_bitmaps(target / pretrained.MNIST_TEST.name, test.images, test.labels, test.writers)
    _draw_reliability(target, result, test)
    (target / "MODEL_CARD.md").write_text(model_card(result, target))


def _draw_reliability(target: Path, result: JSON, test: Dataset) -> None:
    classes, threshold = tuple(result["plan"]["classes"]), result["calibration"]["reject_above"]
    answers = metrics.answer(Classifier.load(target / "model.tflite", classes, threshold), test)
    bins = metrics.reliability(answers.confidence, answers.right)
    (target / "reliability.svg").write_text(reliability_svg(bins))


def _seed(run: Path) -> JSON:
    """What one of several trainings reached."""
    result = pretrained.result(run)
    mnist = result["metrics"]["mnist_test"]
    return {"seed": result["plan"]["seed"], "accuracy": mnist["accuracy"]}


def _precisions(run: Path, result: JSON, mnist: Path, sets: list[Path]) -> list[JSON]:
    """The network at each precision, evaluated on the digits it was validated on."""
    from ml.learning.export import compare_precisions
    from ml.learning.training import load_network

    plan = result["plan"]
    classes = tuple(plan["classes"])
    parts = [load_mnist(mnist, "train"), *(learnable(load_set(path), classes) for path in sets)]
    split = [as_split(part, result) for part in parts]
    network = load_network(plan["architecture"], classes, run / "model.weights.h5")
    return compare_precisions(
        network,
        classes,
        result["calibration"]["reject_above"],
        *(only_classes(concatenate(half), DIGITS) for half in zip(*split, strict=True)),
    )


ARCHITECTURES_IN_WORDS = {
    "source_cnn": """two Conv2D(32), two Conv2D(64), one Conv2D(128), each with batch normalisation, max
        pooling and 25 % dropout after each block, global average pooling, Dense(256), 50 % dropout, softmax.""",
    "residual_cnn": """two Conv2D(32), two Conv2D(64), one Conv2D(128), each with batch normalisation, max
        pooling and 25 % dropout after each block, a residual block of two Conv2D(128) at 3x3, 25 % dropout, global
        average pooling, Dense(256), 50 % dropout, softmax.""",
}

_FROM_SCRATCH = "The test images were looked at once, after all of that."
_FINE_TUNED = """It started from the weights of earlier trainings, the first of them on digits alone. The test images
were looked at after each: what to try next, and how rarely a digit may be refused, was thought out with
the mistakes there in view. Which epoch and which weights were kept was not decided by them."""

_ONLY_DIGITS = """## What it cannot do

It knows ten digits and nothing else: of a letter or a scribble it names the digit that looks most
alike, at times with confidence. It reads one digit at a time."""


def _refusal_in_words(result: JSON) -> str:
    calibration = result["calibration"]
    redrawn = result["data"].get("mixture", {}).get("redrawn_with_pens")
    also = " and as a pen would draw it on the canvas" if redrawn else ""
    return f"""## When it says that a drawing is no digit

An eleventh output, "not a digit", has learned from letters that nobody takes for a digit, from
scribbles and from several digits at once. A drawing is refused where that output is over
{calibration["reject_above"]:.4f}: the threshold that {DIGITS_LOST:.2%} of the digits in the validation split exceed, each as it is{also}. The
scores were calibrated there too, with a temperature of {calibration["temperature"]:.3f} that is folded into the last layer.

It reads one digit at a time, and letters that look like a digit (O, I, l, S, Z, B, g, q) are read as one."""


def _seeds_in_words(result: JSON) -> str:
    seeds = result.get("seeds")
    if not seeds:
        return ""
    accuracies = [seed["accuracy"] for seed in seeds]
    each = ", ".join(f"{seed['accuracy']:.2%} with seed {seed['seed']}" for seed in seeds)
    ships = next((seed["seed"] for seed in seeds if seed["ships"]), None)
    which = "What ships was trained on from a mean of weights, theirs among them."
    if ships is not None:
        which = f"Seed {ships} ships, as was settled before the others were trained."
    return f"""
Trainings with {len(seeds)} seeds reached {sum(accuracies) / len(seeds):.2%} on the MNIST test images in the mean: {each}.
{which}"""


def _further_bending_in_words(augmentation: JSON) -> str:
    untouched = augmentation.get("untouched", 0)
    moved = augmentation.get("untouched_moved_px", 0)
    but = f", but for moving them by up to {moved} whole pixels" if moved else ""
    said = f" {untouched:.0%} of the samples as they are{but}." if untouched else ""
    turned = augmentation.get("pen_clockwise_deg") or {}
    each = ", ".join(f"{label} around {angle:g}°" for label, angle in turned.items())
    return f"{said} Clockwise, of what a pen drew: {each}." if each else said


def _recipe_in_words(plan: JSON) -> str:
    said = []
    if plan.get("dropout", 1.0) != 1:
        said.append(f"{plan['dropout']:.0%} of that dropout")
    if plan.get("second_loss"):
        said.append("a second loss for telling a 1 or 7 of a pen from a scanned one")
    if plan.get("teachers_share"):
        said.append(
            f"{plan['teachers_share']:.0%} of each target what teachers answer, networks of earlier trainings"
        )
    return "".join(f"; {words}" for words in said)


def _precisions_in_words(result: JSON) -> str:
    rows = "\n".join(
        f"| {row['precision']} | {row['bytes']:,} | {row['accuracy']:.3%} | {row['loss']:.4f} "
        f"| {row['median_ms']} | {row['load_ms']} |"
        for row in result["precisions"]
    )
    count = result["precisions"][0]["samples"]
    return f"""The same network exported three ways, judged on the {count:,} digits it was validated on:

| weights | bytes | right | loss | strokes to scores, ms | file to first scores, ms |
| --- | --- | --- | --- | --- | --- |
{rows}

float32 ships: it is within the 2.5 MB that a file may have, and the browser can run the very same weights."""


def _mixture_in_words(result: JSON) -> str:
    mixture = result["data"].get("mixture")
    if mixture is None:
        return ""
    weights = ", ".join(
        f"{name} {weight:g}" for name, weight in mixture["set_weights"].items() if weight != 1
    )
    turned = ""
    if mixture.get("strokes_turned"):
        turned = " Pen strokes were also turned before they were drawn."
    if bent := mixture.get("bent"):
        turned = (
            f" Each was also bent {bent} times (`ml/data/bending.py`): strokes before they were drawn,"
            " scans while enlarged to six times their size."
        )
    return f"""Beside the scanned sets: {mixture["written"]:,} digits and {mixture["made_up"]:,} other drawings made up by `ml/data/synthetic.py`, and
every sample redrawn with other pens, {mixture["redrawn_with_pens"]} of them each (`ml/data/thinning.py`).{turned} How often a sample of a set is drawn, where it is not 1: {weights or "always 1"}."""


def model_card(result: JSON, folder: Path) -> str:
    """The card, every figure from `result.json` or measured on the spot."""
    artifact = folder / "model.tflite"
    classifier = Classifier.load(artifact, tuple(result["plan"]["classes"]))
    latency = metrics.measure_latency(classifier)
    test, validation = result["metrics"]["mnist_test"], result["metrics"]["validation"]
    low, high = test["interval"]
    augmentation = result["plan"]["augmentation"]
    data = "\n".join(
        f"| {name} | `{digest}` |" for name, digest in result["data"]["sources"].items()
    )
    plan = result["plan"]
    description = " ".join((ARCHITECTURES_IN_WORDS[plan["architecture"]]).split())
    schedule = "to zero by a cosine" if plan.get("schedule") == "cosine" else "halved on a plateau"
    last = plan.get("keep") == "last"
    kept = "the last epoch" if last else "the epoch with the least validation loss"
    limits = _refusal_in_words(result) if NOT_A_DIGIT in plan["classes"] else _ONLY_DIGITS
    looks = _FINE_TUNED if result["initial"] else _FROM_SCRATCH
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

![Confusion matrix](confusion.png) ![Reliability diagram](reliability.svg)

Left: what was read as what in the MNIST test images. Right: how sure it was there, and how often right, in
bins of a fifteenth; the dots lie on the dashed line where confidence is exactly what it claims to be.
{_seeds_in_words(result)}

## Which precision, and why

{_precisions_in_words(result)}

## How it was trained

Network `{plan["architecture"]}`: {description}
Rotation ±{augmentation["rotation_deg"]:g}°, shifts ±{augmentation["shift"]:.0%}, zoom ±{augmentation["zoom"]:.0%}, shear ±{augmentation["shear"]:g}, elastic distortion {augmentation.get("elastic_px", 0):g} px.{_further_bending_in_words(augmentation)}
Adam {plan["learning_rate"]:g}, {schedule}, label smoothing {plan.get("label_smoothing", 0):g}; {kept} was kept; {plan["precision"]}{_recipe_in_words(plan)}.

{result["data"]["train"]:,} samples to train on, {result["data"]["validation"]:,} to validate on (by writer where writers are known),
seed {result["plan"]["seed"]}, {len(result["history"])} epochs of {result["plan"]["batch_size"]} a batch, best epoch {result["best_epoch"]}, {result["seconds"] / 60:.0f} minutes.
{looks} {versions}.

{_mixture_in_words(result)}

| data | SHA-256 |
| --- | --- |
{data}

{limits}

## Beside it

`model.weights.h5` is where fine-tuning starts, and `model.web.bin` the same network for the page's JavaScript. `replay.npz` holds
training images, half of them the hardest of their label, that are mixed into every retraining, so that old
digits are not forgotten; `mnist_test.npz` holds the MNIST test images, so
that every candidate is judged without a download. `DATA_LICENCES.md` names their sources and licences.
"""
