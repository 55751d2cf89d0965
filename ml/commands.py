"""What `python -m ml …` does, a function a command.

TensorFlow is imported inside the functions that need it, so that `download`,
`evaluate` and `--help` start at once.
"""

import json
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ml import pretrained
from ml.contract import DIGITS, JSON, NOT_A_DIGIT, Ink, Labels
from ml.data.assembly import mixture_in_json, split_seed, training_data
from ml.data.dataset import file_sha256, load_bitmaps, load_inks, load_set, only_classes
from ml.data.mixture import learnable
from ml.evaluation import charts, metrics, report
from ml.evaluation.robustness import LAYINGS, laid
from ml.plan import Plan, as_recorded
from ml.reading.inference import Classifier, load_trained

MOST_LAID = 1_000
"""Digits of a set that are laid in other ways."""


def download(folder: Path, source: Path | None) -> None:
    """Fetch MNIST's four files."""
    from ml.data.download import fetch_mnist

    fetch_mnist(folder, source=source)


def typefaces(file: Path, kept_in: Path) -> None:
    """Make a set of typefaces drawn after handwriting."""
    from ml.data.typefaces import write_set

    count = write_set(file, kept_in)
    print(f"{file}: {count:,} samples")


def train(plan: Plan, output: Path, say: Callable[[JSON], None], threads: int = 0) -> None:
    """Train or fine-tune, export, evaluate the exported file, and write it all down.

    Leaves in the output folder: model.tflite, model.weights.h5, model.web.bin,
    result.json, confusion.png.
    """
    if plan.hard_negatives and (not plan.initial or plan.redraw):
        raise ValueError("--hard-negatives goes with --initial, and not with --redraw.")
    say({"event": "stage", "stage": "reading_data"})
    data = training_data(plan)
    say({"event": "stage", "stage": "starting_tensorflow"})
    from ml.learning import export as exporting
    from ml.learning import training, web_export

    if threads:
        training.limit_threads(threads)
    output.mkdir(parents=True, exist_ok=True)
    train_set = data.train
    if plan.hard_negatives and plan.initial and data.newly:
        predict = partial(training.predict_classes, plan, plan.initial)
        train_set = data.with_hard_negatives(predict, plan.hard_negatives)
    say({"event": "stage", "stage": "training", "samples": len(train_set)})
    checkpoint = output / "model.weights.h5"
    fit = training.train(
        plan,
        train_set,
        data.validation,
        checkpoint,
        initial=plan.initial,
        report=say,
        older=data.older,
        teachers=plan.teachers,
    )
    if fit.blend < 1:
        say({"event": "stage", "stage": "blending", "share": f"{fit.blend:.0%}"})
    say({"event": "stage", "stage": "calibrating"})
    if plan.reject_above is None:
        calibration = training.calibrate(
            fit.network, data.calibration, plan.classes, also_drawn=data.validation
        )
        fit.network.save_weights(checkpoint)
    else:
        calibration = {"temperature": 1.0, "reject_above": plan.reject_above}
    say({"event": "stage", "stage": "exporting"})
    exporting.export(fit.network, output / "model.tflite")
    web_export.export(
        fit.network, plan.classes, calibration["reject_above"], output / pretrained.WEB.name
    )
    say({"event": "stage", "stage": "evaluating"})
    # The one time that test images are looked at: after every choice has been made.
    classifier = Classifier.load(output / "model.tflite", plan.classes, calibration["reject_above"])
    measured = _evaluate(classifier, plan.test)
    measured["validation"] = metrics.evaluate(classifier, data.calibration)
    result = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": as_recorded(plan),
        "initial": plan.initial.name if plan.initial else None,
        "teachers": [file_sha256(path) for path in plan.teachers],
        "validation_share": plan.validation_share,
        "split_seed": split_seed(plan),
        "data": {
            "train": len(data.train),
            "validation": len(data.validation),
            "sources": data.train.sources,
            "mixture": mixture_in_json(plan),
        },
        "history": fit.history,
        "best_epoch": fit.best_epoch,
        "blend": fit.blend,
        "seconds": round(fit.seconds, 1),
        "calibration": calibration,
        "parameters": fit.network.count_params(),
        "versions": _versions(),
        "metrics": measured,
    }
    (output / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    mnist = measured["mnist_test"]
    charts.draw_confusion(mnist["confusion"], mnist["classes"], output / "confusion.png")
    say({"event": "done", "mnist_accuracy": mnist["accuracy"]})


def average(runs: Sequence[Path], output: Path) -> None:
    """Write the mean of the weights of several trainings of one network."""
    from ml.learning import training

    results = [pretrained.result(run) for run in runs]
    networks = {(one["plan"]["architecture"], *one["plan"]["classes"]) for one in results}
    if len(networks) > 1:
        raise ValueError("these trainings are not of one network with the same classes.")
    architecture, *classes = networks.pop()
    weights = [run / pretrained.WEIGHTS.name for run in runs]
    output.parent.mkdir(parents=True, exist_ok=True)
    training.average(architecture, tuple(classes), weights).save_weights(output)
    print(f"{output}: the mean of {len(weights)} trainings")


def evaluate(artifact: Path, sets: Sequence[Path], page: Path, readme: Path | None = None) -> None:
    """Evaluate an exported network: lines to the terminal, an HTML page and JSON beside it."""
    classifier = load_trained(artifact)
    answers = {"mnist_test": metrics.answer(classifier, load_bitmaps(pretrained.MNIST_TEST))}
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
        "latency": metrics.measure_latency(classifier),
        "load_ms": metrics.measure_loading(artifact, classifier.classes),
        "memory_mb": metrics.measure_memory(artifact, classifier.classes),
    }
    refusals: dict[str, JSON] = {}
    for path in sets:
        print(f"{path.stem} …", file=sys.stderr)
        strokes = load_inks(path)
        # Strokes are laid on a canvas as people would draw them.
        everything = load_set(path) if strokes is None else laid(*strokes)
        digits = only_classes(everything, DIGITS)
        answers[path.stem] = metrics.answer(classifier, digits)
        letters = learnable(everything, (NOT_A_DIGIT,))
        if NOT_A_DIGIT in classifier.classes and len(letters):
            refused = metrics.answer(classifier, letters)
            refusals[path.stem] = metrics.evaluate_refusals(answers[path.stem], refused)
        if strokes is not None:
            figures["robustness"][path.stem] = _robustness(classifier, *strokes)
    for name, answered in answers.items():
        in_full = metrics.summarise(answered) | metrics.in_depth(answered)
        figures["sets"][name] = in_full | refusals.get(name, {})
    for what, measured in report.rows(figures):
        print(f"{what:60} {measured}")
    page.parent.mkdir(parents=True, exist_ok=True)
    report.write_html(page, figures, answers)
    page.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    print(f"{page} and {page.with_suffix('.json').name} are written.")
    if readme:
        report.write_readme(readme, figures)


def _robustness(
    classifier: Classifier, inks: list[Ink], labels: Labels, writers: Labels
) -> dict[str, float]:
    """Accuracy for each way of laying up to MOST_LAID of a stroke set's digits."""
    digits = np.flatnonzero(np.isin(labels, DIGITS))
    picked = np.random.default_rng(1).permutation(digits)[:MOST_LAID]
    part = [inks[index] for index in picked], labels[picked], writers[picked]
    return {
        name: metrics.evaluate(classifier, laid(*part, how))["accuracy"]
        for name, how in LAYINGS.items()
    }


def export(weights: Path, target: Path, architecture: str, classes: tuple[str, ...]) -> None:
    """Turn stored weights into a LiteRT file."""
    from ml.learning import export as exporting
    from ml.learning import training

    network = training.load_network(architecture, classes, weights)
    exporting.export(network, target)
    print(f"{target}: {target.stat().st_size:,} bytes")


def export_for_the_web(weights: Path, target: Path | None) -> None:
    """Turn stored weights into the file that the page runs."""
    from ml.learning import web_export

    target = target or weights.with_name(pretrained.WEB.name)
    web_export.export_trained(weights, target)
    print(f"{target}: {target.stat().st_size:,} bytes")


def ship(run_folder: Path, mnist: Path, sets: list[Path], seeds: list[Path]) -> None:
    """Make a finished training the model that ships with the project."""
    from ml.learning.shipping import ship as assemble

    assemble(run_folder, mnist, sets, seeds)
    print(f"{pretrained.FOLDER} is ready.")


def _evaluate(classifier: Classifier, test: Path | None) -> JSON:
    test_set = load_bitmaps(test or pretrained.MNIST_TEST)
    return {"mnist_test": metrics.evaluate(classifier, test_set)}


def _versions() -> dict[str, str]:
    packages = ("tensorflow", "keras", "numpy", "pillow", "ai-edge-litert")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def say_as_json(event: JSON) -> None:
    print(json.dumps(event), flush=True)


def say_as_text(event: JSON) -> None:
    line, end = _in_words(event)
    if end == "\r" and not sys.stderr.isatty():
        return
    print(line, end=end, file=sys.stderr, flush=True)


STAGES = {
    "reading_data": "reading data",
    "starting_tensorflow": "starting TensorFlow",
    "blending": "keeping {share} of the change, not to forget",
}
"""Stages that a terminal shows in other words than their codes."""


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
            stage = str(event["stage"])
            return f"{STAGES.get(stage, stage).format(**event)} …", "\n"
        case _:
            return f"done: {event['mnist_accuracy']:.2%} on the MNIST test images", "\n"
