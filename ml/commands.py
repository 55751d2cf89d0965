"""What `python -m ml …` does, a function a command.

TensorFlow is imported inside the functions that need it, so that `download`,
`evaluate` and `--help` start at once.
"""

import json
import platform
import sys
from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ml import charts, evaluation, pretrained, report
from ml.contract import DIGITS, JSON, NOT_A_DIGIT, Ink, Labels
from ml.dataset import (
    Dataset,
    DatasetError,
    concatenate,
    file_sha256,
    halves,
    load_bitmaps,
    load_inks,
    load_mnist,
    load_set,
    only_classes,
)
from ml.inference import Classifier, load_trained
from ml.mixture import (
    as_drawn,
    learnable,
    made_up,
    with_class_share,
    with_redrawn,
    written_digits,
)
from ml.robustness import LAYINGS, laid

NOT_A_DIGIT_SHARE = 0.10
"""Of what a training draws, where "not a digit" is a class."""

MOST_LAID = 1_000
"""Digits of a set that are laid in other ways."""


def download(arguments: Namespace) -> None:
    """Fetch MNIST's four files."""
    from ml.download import fetch_mnist

    fetch_mnist(arguments.to, source=arguments.source)


def typefaces(arguments: Namespace) -> None:
    """Make a set of typefaces drawn after handwriting."""
    from ml.typefaces import write_set

    count = write_set(arguments.file, arguments.kept_in)
    print(f"{arguments.file}: {count:,} samples")


def train(arguments: Namespace) -> None:
    """Train or fine-tune, export, evaluate the exported file, and write it all down.

    Leaves in the output folder: model.tflite, model.weights.h5, model.web.bin,
    result.json, confusion.png.
    """
    say = _as_json if arguments.progress == "json" else _as_text
    say({"event": "stage", "stage": "reading data"})
    data = _training_data(arguments)
    say({"event": "stage", "stage": "starting TensorFlow"})
    from ml import export as exporting
    from ml import training, web_export
    from ml.augmentation import AUGMENTATIONS
    from ml.plan import Plan, plan_as_json

    if arguments.threads:
        training.limit_threads(arguments.threads)
    plan = Plan(
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
        most_forgotten=arguments.most_forgotten,
        teachers_share=arguments.teachers_share if arguments.teachers else 0.0,
        dropout=arguments.dropout,
        seed=arguments.seed,
    )
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    say({"event": "stage", "stage": "training", "samples": len(data.train)})
    checkpoint = output / "model.weights.h5"
    fit = training.train(
        plan,
        data.train,
        data.validation,
        checkpoint,
        initial=arguments.initial,
        report=say,
        older=data.older,
        teachers=arguments.teachers,
    )
    if fit.blend < 1:
        say({"event": "stage", "stage": f"keeping {fit.blend:.0%} of the change, not to forget"})
    say({"event": "stage", "stage": "calibrating"})
    if arguments.reject_above is None:
        calibration = training.calibrate(fit.network, data.calibration, plan.classes)
        fit.network.save_weights(checkpoint)
    else:
        calibration = {"temperature": 1.0, "reject_above": arguments.reject_above}
    say({"event": "stage", "stage": "exporting"})
    exporting.export(fit.network, output / "model.tflite")
    web_export.export(
        fit.network, plan.classes, calibration["reject_above"], output / pretrained.WEB.name
    )
    say({"event": "stage", "stage": "evaluating"})
    # The one time that test images are looked at: after every choice has been made.
    classifier = Classifier.load(output / "model.tflite", plan.classes, calibration["reject_above"])
    metrics = _judge(classifier, arguments.test)
    metrics["validation"] = evaluation.evaluate(classifier, data.calibration)
    result = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": plan_as_json(plan),
        "initial": str(arguments.initial.name) if arguments.initial else None,
        "teachers": [file_sha256(path) for path in arguments.teachers],
        "validation_share": arguments.validation_share,
        "data": {
            "train": len(data.train),
            "validation": len(data.validation),
            "sources": data.train.sources,
            "mixture": _mixture(arguments),
        },
        "history": fit.history,
        "best_epoch": fit.best_epoch,
        "blend": fit.blend,
        "seconds": round(fit.seconds, 1),
        "calibration": calibration,
        "parameters": fit.network.count_params(),
        "versions": _versions(),
        "metrics": metrics,
    }
    (output / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    mnist = metrics["mnist_test"]
    charts.draw_confusion(mnist["confusion"], mnist["classes"], output / "confusion.png")
    say({"event": "done", "mnist_accuracy": mnist["accuracy"]})


def evaluate(arguments: Namespace) -> None:
    """Judge an exported network: lines to the terminal, an HTML page and JSON beside it."""
    artifact = arguments.artifact or pretrained.ARTIFACT
    classifier = load_trained(artifact)
    answers = {"mnist_test": evaluation.answer(classifier, load_bitmaps(pretrained.MNIST_TEST))}
    figures: JSON = {
        "model": {
            "file": artifact.name,
            "bytes": artifact.stat().st_size,
            "sha256": file_sha256(artifact),
            "reject_above": classifier.reject_above,
        },
        "sets": {},
        "robustness": {},
        "seeds": pretrained.result(artifact.parent).get("seeds"),
        "latency": evaluation.measure_latency(classifier),
        "load_ms": evaluation.measure_loading(artifact, classifier.classes),
        "memory_mb": evaluation.measure_memory(artifact, classifier.classes),
    }
    refusals: dict[str, JSON] = {}
    for path in arguments.sets:
        print(f"{path.stem} …", file=sys.stderr)
        strokes = load_inks(path)
        # Strokes are laid on a canvas as people would draw them.
        everything = load_set(path) if strokes is None else laid(*strokes)
        digits = only_classes(everything, DIGITS)
        answers[path.stem] = evaluation.answer(classifier, digits)
        letters = learnable(everything, (NOT_A_DIGIT,))
        if NOT_A_DIGIT in classifier.classes and len(letters):
            read = evaluation.answer(classifier, letters)
            refusals[path.stem] = evaluation.judge_refusals(answers[path.stem], read)
        if strokes is not None:
            figures["robustness"][path.stem] = _robustness(classifier, *strokes)
    for name, answered in answers.items():
        in_full = evaluation.summarise(answered) | evaluation.in_depth(answered)
        figures["sets"][name] = in_full | refusals.get(name, {})
    for what, measured in report.rows(figures):
        print(f"{what:60} {measured}")
    page: Path = arguments.report
    page.parent.mkdir(parents=True, exist_ok=True)
    report.write_html(page, figures, answers)
    page.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    print(f"{page} and {page.with_suffix('.json').name} are written.")
    if arguments.readme:
        report.write_readme(arguments.readme, figures)


def _robustness(
    classifier: Classifier, inks: list[Ink], labels: Labels, writers: Labels
) -> dict[str, float]:
    """Accuracy for each way of laying up to MOST_LAID of a stroke set's digits."""
    digits = np.flatnonzero(np.isin(labels, DIGITS))
    picked = np.random.default_rng(1).permutation(digits)[:MOST_LAID]
    part = [inks[index] for index in picked], labels[picked], writers[picked]
    return {
        name: evaluation.evaluate(classifier, laid(*part, how))["accuracy"]
        for name, how in LAYINGS.items()
    }


def export(arguments: Namespace) -> None:
    """Turn stored weights into a LiteRT file, or into the file that the page runs."""
    if arguments.web:
        _export_for_the_web(arguments.weights, arguments.artifact)
        return
    if arguments.artifact is None:
        raise ValueError("name the LiteRT file to write.")
    from ml import export as exporting
    from ml import training

    network = training.load_network(arguments.architecture, _classes(arguments), arguments.weights)
    exporting.export(network, arguments.artifact)
    print(f"{arguments.artifact}: {arguments.artifact.stat().st_size:,} bytes")


def _export_for_the_web(weights: Path, target: Path | None) -> None:
    from ml import web_export

    target = target or weights.with_name(pretrained.WEB.name)
    web_export.export_trained(weights, target)
    print(f"{target}: {target.stat().st_size:,} bytes")


def ship(arguments: Namespace) -> None:
    """Make a finished training the model that ships with the project."""
    from ml.shipping import ship as assemble

    assemble(arguments.run_folder, arguments.mnist, arguments.sets, arguments.others)
    print(f"{pretrained.FOLDER} is ready.")


def _classes(arguments: Namespace) -> tuple[str, ...]:
    reject = (NOT_A_DIGIT,) if getattr(arguments, "not_a_digit", False) else ()
    return (*arguments.classes, *reject)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What to train on, to choose the epoch by, to calibrate on, and not to forget.

    older   of MNIST and the replay, what is not trained on here; None without them
    """

    train: Dataset
    validation: Dataset
    calibration: Dataset
    older: Dataset | None


def _training_data(arguments: Namespace) -> TrainingData:
    """Read all sets, and make up what is asked for.

    Sets are split by writer, each for itself. Confidence is calibrated on drawings as they
    come: some of those redrawn have lost what told them apart.
    """
    classes = _classes(arguments)
    base, further = [], [learnable(_weighed_set(named), classes) for named in arguments.sets]
    if arguments.mnist:
        base.append(load_mnist(arguments.mnist, "train"))
    if arguments.replay:
        base.append(load_bitmaps(arguments.replay))
    if not base and not further:
        raise DatasetError("nothing to train on: name --mnist, --replay or --set")
    if arguments.sets_share is not None:
        further = _with_share(further, arguments, sum(map(len, base)))
    split = [halves(part, arguments.validation_share, arguments.seed) for part in [*base, *further]]
    older = concatenate(half for _, half in split[: len(base)]) if base else None
    train_set, validation_set = (concatenate(half) for half in zip(*split, strict=True))
    if arguments.written:
        digits = written_digits(arguments.written, arguments.seed)
        held_out = written_digits(arguments.written // 10, arguments.seed + 1)
        train_set = concatenate([train_set, digits])
        validation_set = concatenate([validation_set, held_out])
    if NOT_A_DIGIT in classes and arguments.made_up:
        count = arguments.made_up
        train_set = concatenate([train_set, made_up(train_set, count, arguments.seed)])
        held_out = made_up(validation_set, count // 10, arguments.seed + 1)
        validation_set = concatenate([validation_set, held_out])
        train_set = with_class_share(train_set, NOT_A_DIGIT, NOT_A_DIGIT_SHARE)
    if not arguments.redraw:
        return TrainingData(train_set, validation_set, validation_set, older)
    both = concatenate([validation_set, as_drawn(validation_set)])
    redrawn = with_redrawn(train_set, arguments.redraw, arguments.seed)
    return TrainingData(redrawn, both, validation_set, older)


def _mixture(arguments: Namespace) -> JSON:
    """What was mixed into the training beside MNIST and the replay, for the record."""
    weights = dict(_named_weight(named) for named in arguments.sets)
    return {
        "set_weights": {path.name: weight for path, weight in weights.items()},
        "made_up": arguments.made_up,
        "written": arguments.written,
        "redrawn_with_pens": arguments.redraw,
    }


def _weighed_set(named: str) -> Dataset:
    """The set that `FILE` or `FILE=WEIGHT` names, each sample drawn so many times as often."""
    path, weight = _named_weight(named)
    part = load_set(path)
    return replace(part, weights=part.weights * np.float32(weight))


def _named_weight(named: str) -> tuple[Path, float]:
    path, is_weighed, weight = named.rpartition("=")
    if not is_weighed:
        return Path(named), 1.0
    try:
        return Path(path), float(weight)
    except ValueError as error:
        raise DatasetError(f"--set {named}: {weight} is no weight.") from error


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
