"""What `python -m ml …` does, a function a command.

TensorFlow is imported inside the functions that need it, so that `download`,
`evaluate` and `--help` start at once.
"""

import json
import platform
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ml import evaluation, pretrained
from ml.contract import DIGITS, JSON, NOT_A_DIGIT
from ml.dataset import (
    Dataset,
    DatasetError,
    concatenate,
    load_bitmaps,
    load_mnist,
    load_set,
    only_classes,
    split_validation,
)
from ml.inference import Classifier
from ml.mixture import as_drawn, learnable, made_up, with_class_share, with_redrawn

NOT_A_DIGIT_SHARE = 0.15
"""Of what a training draws, where "not a digit" is a class."""

FIGURES_BEGIN, FIGURES_END = "<!-- figures -->", "<!-- end of figures -->"


def download(arguments: Namespace) -> None:
    """Fetch MNIST's four files."""
    from ml.download import fetch_mnist

    fetch_mnist(arguments.to, source=arguments.source)


def train(arguments: Namespace) -> None:
    """Train or fine-tune, export, evaluate the exported file, and write it all down.

    Leaves in the output folder: model.tflite, model.weights.h5, result.json,
    confusion.png.
    """
    say = _as_json if arguments.progress == "json" else _as_text
    say({"event": "stage", "stage": "reading data"})
    train_set, validation_set = _training_data(arguments)
    say({"event": "stage", "stage": "starting TensorFlow"})
    from ml import export as exporting
    from ml import training
    from ml.augmentation import AUGMENTATIONS

    if arguments.threads:
        training.limit_threads(arguments.threads)
    plan = training.Plan(
        architecture=arguments.architecture,
        classes=_classes(arguments),
        epochs=arguments.epochs,
        epoch_samples=arguments.epoch_samples,
        batch_size=arguments.batch_size,
        schedule=arguments.schedule,
        label_smoothing=arguments.label_smoothing,
        ema_momentum=arguments.ema,
        augmentation=AUGMENTATIONS[arguments.augmentation],
        learning_rate=arguments.learning_rate,
        precision=arguments.precision,
        seed=arguments.seed,
    )
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    say({"event": "stage", "stage": "training", "samples": len(train_set)})
    fit = training.train(
        plan, train_set, validation_set, output / "model.weights.h5", arguments.initial, say
    )
    say({"event": "stage", "stage": "calibrating"})
    if arguments.reject_above is None:
        calibration = training.calibrate(fit.network, validation_set, plan.classes)
        fit.network.save_weights(output / "model.weights.h5")
    else:
        calibration = {"temperature": 1.0, "reject_above": arguments.reject_above}
    say({"event": "stage", "stage": "exporting"})
    exporting.export(fit.network, output / "model.tflite")
    say({"event": "stage", "stage": "evaluating"})
    # The one time that test images are looked at: after every choice has been made.
    classifier = Classifier.load(output / "model.tflite", plan.classes, calibration["reject_above"])
    metrics = _judge(classifier, arguments.test)
    metrics["validation"] = evaluation.evaluate(classifier, validation_set)
    result = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": training.plan_as_json(plan),
        "initial": str(arguments.initial.name) if arguments.initial else None,
        "validation_share": arguments.validation_share,
        "data": {
            "train": len(train_set),
            "validation": len(validation_set),
            "sources": train_set.sources,
        },
        "history": fit.history,
        "best_epoch": fit.best_epoch,
        "seconds": round(fit.seconds, 1),
        "calibration": calibration,
        "parameters": fit.network.count_params(),
        "versions": _versions(),
        "metrics": metrics,
    }
    (output / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    mnist = metrics["mnist_test"]
    evaluation.draw_confusion(mnist["confusion"], mnist["classes"], output / "confusion.png")
    say({"event": "done", "mnist_accuracy": mnist["accuracy"]})


def evaluate(arguments: Namespace) -> None:
    """Print what an exported network reaches on MNIST's test images and further sets."""
    artifact = arguments.artifact or pretrained.ARTIFACT
    classifier = load_trained(artifact)
    metrics = _judge(classifier, None)
    for path in arguments.sets:
        everything = load_set(path)
        digits = only_classes(everything, DIGITS)
        metrics[path.stem] = evaluation.evaluate(classifier, digits)
        if NOT_A_DIGIT in classifier.classes:
            letters = learnable(everything, (NOT_A_DIGIT,))
            metrics[path.stem] |= evaluation.judge_refusals(classifier, digits, letters)
    metrics["latency"] = evaluation.measure_latency(classifier)
    metrics["bytes"] = artifact.stat().st_size
    for name, figures in metrics.items():
        if isinstance(figures, dict) and "accuracy" in figures:
            low, high = figures["interval"]
            print(
                f"{name:28} {figures['accuracy']:8.2%}  ({low:.2%} to {high:.2%})"
                f"  {figures['errors']} of {figures['samples']} wrong,"
                f" calibration error {figures['expected_calibration_error']:.4f}"
            )
            if "others_accepted" in figures:
                print(
                    f"{'':28} {figures['digits_refused']:8.2%}  of its digits refused,"
                    f" {figures['others_accepted']:.2%} of {figures['others']} others accepted"
                )
    latency = metrics["latency"]
    print(f"strokes to scores            {latency['median_ms']} ms (p99 {latency['p99_ms']} ms)")
    print(f"file                         {metrics['bytes']:,} bytes")
    if arguments.json:
        arguments.json.write_text(json.dumps(metrics, indent=1) + "\n")
    if arguments.readme:
        write_figures(arguments.readme, metrics)


def load_trained(artifact: Path) -> Classifier:
    """An exported network, with the classes and threshold that its `result.json` records.

    Raises:
        ArtifactError: the network cannot be loaded.
        OSError: there is no record beside it.
    """
    result: JSON = json.loads((artifact.parent / pretrained.RESULT.name).read_text())
    return Classifier.load(
        artifact, tuple(result["plan"]["classes"]), result["calibration"]["reject_above"]
    )


def write_figures(readme: Path, metrics: JSON) -> None:
    """Put the table of figures between the markers in a Markdown page.

    Raises:
        ValueError: the page has no markers.
    """
    rows = []
    for name, figures in metrics.items():
        if isinstance(figures, dict) and "accuracy" in figures:
            low, high = figures["interval"]
            shown = name.replace("_", " ")
            rows.append(
                f"| {shown}, {figures['samples']:,} digits | "
                f"{figures['accuracy']:.2%} right ({low:.2%} to {high:.2%}) |"
            )
            if "others_accepted" in figures:
                rows.append(
                    f"| {shown}: digits refused; {figures['others']:,} letters read as digits | "
                    f"{figures['digits_refused']:.2%}; {figures['others_accepted']:.1%} |"
                )
    calibration = metrics["mnist_test"]["expected_calibration_error"]
    latency = metrics["latency"]
    rows += [
        f"| expected calibration error, mnist test, 15 bins | {calibration:.4f} |",
        f"| strokes to scores, one core | {latency['median_ms']} ms (p99 {latency['p99_ms']} ms) |",
        f"| model file | {metrics['bytes']:,} bytes |",
    ]
    head, begin, rest = readme.read_text().partition(FIGURES_BEGIN)
    _, end, tail = rest.partition(FIGURES_END)
    if not begin or not end:
        raise ValueError(f"{readme} has no place for the figures")
    table = "\n".join(["| what | measured |", "| --- | --- |", *rows])
    readme.write_text(f"{head}{begin}\n{table}\n{end}{tail}")


def export(arguments: Namespace) -> None:
    """Turn stored weights into a LiteRT file."""
    from ml import export as exporting
    from ml import training

    network = training.load_network(arguments.architecture, _classes(arguments), arguments.weights)
    exporting.export(network, arguments.artifact)
    print(f"{arguments.artifact}: {arguments.artifact.stat().st_size:,} bytes")


def ship(arguments: Namespace) -> None:
    """Make a finished training the model that ships with the project."""
    from ml.shipping import ship as assemble

    assemble(arguments.run_folder, arguments.mnist, arguments.sets)
    print(f"{pretrained.FOLDER} is ready.")


def _classes(arguments: Namespace) -> tuple[str, ...]:
    reject = (NOT_A_DIGIT,) if getattr(arguments, "not_a_digit", False) else ()
    return (*arguments.classes, *reject)


def _training_data(arguments: Namespace) -> tuple[Dataset, Dataset]:
    """What to train and to validate on; sets are split by writer, each for itself."""
    classes = _classes(arguments)
    base, further = [], [learnable(load_set(path), classes) for path in arguments.sets]
    if arguments.mnist:
        base.append(load_mnist(arguments.mnist, "train"))
    if arguments.replay:
        base.append(load_bitmaps(arguments.replay))
    if not base and not further:
        raise DatasetError("nothing to train on: name --mnist, --replay or --set")
    if arguments.sets_share is not None:
        further = _with_share(further, arguments, sum(map(len, base)))
    halves = [_halves(part, arguments) for part in [*base, *further]]
    train_set = concatenate(half[0] for half in halves)
    validation_set = concatenate(half[1] for half in halves)
    if NOT_A_DIGIT in classes and arguments.made_up:
        count = arguments.made_up
        train_set = concatenate([train_set, made_up(train_set, count, arguments.seed)])
        held_out = made_up(validation_set, count // 10, arguments.seed + 1)
        validation_set = concatenate([validation_set, held_out])
        train_set = with_class_share(train_set, NOT_A_DIGIT, NOT_A_DIGIT_SHARE)
    if arguments.redraw:
        train_set = with_redrawn(train_set, arguments.redraw, arguments.seed)
        validation_set = concatenate([validation_set, as_drawn(validation_set)])
    return train_set, validation_set


def _halves(part: Dataset, arguments: Namespace) -> tuple[Dataset, Dataset]:
    kept, held_out = split_validation(part, arguments.validation_share, arguments.seed)
    return part.select(kept), part.select(held_out)


def _with_share(sets: list[Dataset], arguments: Namespace, others: int) -> list[Dataset]:
    """Weights that give the sets their share of an epoch, no sample more often than allowed."""
    share: float = arguments.sets_share
    if not 0 < share < 1:
        raise ValueError(f"--sets-share {share}: must lie between 0 and 1")
    total = sum(map(len, sets))
    if not total or not others:
        return sets
    weight = np.float32(min(share / (1 - share) * others / total, arguments.sets_repeats))
    return [replace(part, weights=part.weights * weight) for part in sets]


def _judge(classifier: Classifier, test: Path | None) -> JSON:
    test_set = load_bitmaps(test or pretrained.MNIST_TEST)
    return {"mnist_test": evaluation.evaluate(classifier, test_set)}


def _versions() -> dict[str, str]:
    packages = ("tensorflow", "keras", "numpy", "pillow", "ai-edge-litert")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _as_json(event: JSON) -> None:
    print(json.dumps(event), flush=True)


def _as_text(event: JSON) -> None:
    line, end = _in_words(event)
    if end == "\r" and not sys.stderr.isatty():
        return
    print(line, end=end, file=sys.stderr, flush=True)


def _in_words(event: JSON) -> tuple[str, str]:
    match event["event"]:
        case "step":
            words = (
                f"epoch {event['epoch']}/{event['epochs']} step {event['step']}/{event['steps']}"
                f" loss {event['loss']:.4f} accuracy {event['accuracy']:.2%}   "
            )
            return words, "\r"
        case "epoch":
            words = (
                f"epoch {event['epoch']}/{event['epochs']} in {event['seconds']:.0f} s:"
                f" loss {event['loss']:.4f} accuracy {event['accuracy']:.2%},"
                f" validation loss {event['val_loss']:.4f} accuracy {event['val_accuracy']:.2%}"
            )
            return words, "\n"
        case "stage":
            return f"{event['stage']} …", "\n"
        case _:
            return f"done: {event['mnist_accuracy']:.2%} on the MNIST test images", "\n"
