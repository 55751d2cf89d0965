"""`python -m ml download | typefaces | train | evaluate | average | export | ship`."""

import argparse
import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ml import commands, pretrained
from ml.contract import DIGITS, NOT_A_DIGIT, InkError
from ml.data.dataset import DatasetError
from ml.plan import AUGMENTATIONS, Plan, WeightedSet, read_plan
from ml.reading.inference import ArtifactError

DATA = Path("var/mnist")
TYPEFACES = Path("var/typefaces")

_NO_PARAMETERS = {"command", "run", "output", "plan", "threads", "progress"}
"""Of the options of `train`, those that are not fields of its plan."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 if it worked, 1 with one clear line on stderr if not."""
    arguments = parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (DatasetError, ArtifactError, InkError, OSError, ValueError) as error:
        print(f"python -m ml {arguments.command}: {_in_one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _in_one_line(error: Exception) -> str:
    # HDF5 says in several lines where in the file it was.
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"a file cannot be written: {os.strerror(error.errno)}"
    return " ".join(str(error).split())


def parser() -> argparse.ArgumentParser:
    """The command line, described."""
    top = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands_of = top.add_subparsers(dest="command", required=True)

    download = commands_of.add_parser("download", help="fetch MNIST, checked by SHA-256")
    download.add_argument("--to", type=Path, default=DATA, help="folder (default: %(default)s)")
    download.add_argument(
        "--from",
        dest="source",
        type=Path,
        help="a folder that holds the four IDX files, plain or gzipped, instead of the network",
    )
    download.set_defaults(run=_download)

    typefaces = commands_of.add_parser(
        "typefaces", help="make a set for --set from typefaces drawn after handwriting"
    )
    typefaces.add_argument("file", type=Path, help="the NPZ file to write")
    typefaces.add_argument(
        "--kept-in",
        type=Path,
        default=TYPEFACES,
        help="where fetched typefaces are kept (default: %(default)s)",
    )
    typefaces.set_defaults(run=_typefaces)

    _describe_train(
        commands_of.add_parser(
            "train",
            help="train, export and evaluate a network",
            argument_default=argparse.SUPPRESS,  # a flag left out has the default of Plan's field
        )
    )

    evaluate = commands_of.add_parser("evaluate", help="evaluate an exported network")
    evaluate.add_argument("artifact", type=Path, nargs="?", help="default: the shipped model")
    evaluate.add_argument("--set", dest="sets", type=Path, action="append", default=[])
    evaluate.add_argument(
        "--report",
        type=Path,
        default=Path("build/model.html"),
        help="the page to write, JSON beside it (default: %(default)s)",
    )
    evaluate.add_argument("--readme", type=Path, help="a page whose table of figures to renew")
    evaluate.set_defaults(run=_evaluate)

    average = commands_of.add_parser(
        "average", help="the mean of several trainings' weights, to train on from"
    )
    average.add_argument("output", type=Path, help="the .weights.h5 file to write")
    average.add_argument("runs", type=Path, nargs="+", help="the --output of each training")
    average.set_defaults(run=_average)

    export = commands_of.add_parser("export", help="turn stored weights into a file")
    export.add_argument(
        "weights",
        type=Path,
        nargs="?",
        default=pretrained.WEIGHTS,
        help="default: the shipped",
    )
    export.add_argument("artifact", type=Path, nargs="?", help="the file to write")
    export.add_argument(
        "--web",
        action="store_true",
        help="for the page's JavaScript; the result.json beside the weights describes the network"
        f" (default file: {pretrained.WEB.name} beside them)",
    )
    export.add_argument("--architecture", default="source_cnn")
    export.add_argument("--classes", default="0123456789")
    export.add_argument("--not-a-digit", action="store_true")
    export.set_defaults(run=_export)

    ship = commands_of.add_parser("ship", help="make a finished training the shipped model")
    ship.add_argument("run_folder", type=Path, help="the --output of a training")
    ship.add_argument("--mnist", type=Path, default=DATA)
    ship.add_argument("--set", dest="sets", type=Path, action="append", default=[])
    ship.add_argument(
        "--seed-run",
        dest="seeds",
        type=Path,
        action="append",
        default=[],
        help="the --output of one of several trainings that differ only in their seed, to report"
        " the mean: this one among them, or the mean of their weights where this one began",
    )
    ship.set_defaults(run=_ship)
    return top


def _describe_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("--output", type=Path, required=True, help="folder for the result")
    train.add_argument(
        "--plan",
        type=Path,
        help="a JSON file with all parameters, whose fields are those of ml.plan.Plan; refused"
        " together with a flag that sets one",
    )
    train.add_argument("--mnist", type=Path, help=f"MNIST's folder, such as {DATA}")
    train.add_argument("--replay", type=Path, help="bitmaps to mix in, as `ml/pretrained` ships")
    train.add_argument(
        "--set",
        dest="sets",
        metavar="FILE[=WEIGHT]",
        action="append",
        help="a further NPZ set, its samples drawn WEIGHT times as often",
    )
    train.add_argument(
        "--sets-share", type=float, help="how much of each epoch the --set files make up, 0 to 1"
    )
    train.add_argument("--sets-repeats", type=float, help="but each sample at most so often")
    train.add_argument("--initial", type=Path, help="weights to start from, to fine-tune")
    train.add_argument(
        "--hard-negatives",
        type=float,
        help="for each sample of the --set files that --initial misreads, see so many older ones"
        " of what it was taken for",
    )
    train.add_argument(
        "--teacher",
        dest="teachers",
        type=Path,
        action="append",
        help="weights of a network to learn from too; again for each",
    )
    train.add_argument("--teachers-share", type=float, help="how much of a target they make up")
    train.add_argument("--architecture")
    train.add_argument("--classes", help="one character each")
    train.add_argument(
        "--not-a-digit",
        action="store_true",
        default=argparse.SUPPRESS,
        help="add that class, from letters in the sets",
    )
    train.add_argument(
        "--reject-above",
        type=float,
        help="keep this threshold and the confidence as it is, instead of calibrating",
    )
    train.add_argument(
        "--synthetic-others", type=int, help="so many synthetic letters and scribbles for it"
    )
    train.add_argument("--synthetic-digits", type=int, help="so many synthetic digits")
    train.add_argument(
        "--turn-strokes",
        action="store_true",
        default=argparse.SUPPRESS,
        help="sets of pen strokes also turned, before they are drawn",
    )
    train.add_argument(
        "--bend",
        type=int,
        help="each sample also bent so many times, before it is drawn or while it is large",
    )
    train.add_argument("--redraw", type=int, help="each sample again with so many pens")
    train.add_argument("--epochs", type=int)
    train.add_argument("--epoch-samples", type=int, help="default: all there are")
    train.add_argument("--schedule", choices=["plateau", "cosine"])
    train.add_argument("--keep", choices=["best", "last"], help="which epoch")
    train.add_argument("--label-smoothing", type=float)
    train.add_argument("--dropout", type=float, help="how much of the architecture's own, 0 to 1")
    train.add_argument(
        "--second-loss",
        type=float,
        help="how much it counts to tell a 1 or 7 from a pen from a scanned one",
    )
    train.add_argument(
        "--ema", dest="ema_momentum", type=float, help="momentum of averaged weights"
    )
    train.add_argument(
        "--most-forgotten",
        type=float,
        help="go back towards --initial until the older samples lost at most this in the mean",
    )
    train.add_argument(
        "--augmentation",
        choices=["source", "turned", "hands", "moderate", "strong"],
    )
    train.add_argument("--batch-size", type=int)
    train.add_argument("--learning-rate", type=float)
    train.add_argument("--precision", choices=["float32", "mixed_bfloat16"])
    train.add_argument("--seed", type=int)
    train.add_argument(
        "--split-seed",
        type=int,
        help="decides what is validated on (default: the seed); that of the --initial weights'"
        " training keeps what those have learned out of it",
    )
    train.add_argument("--validation-share", type=float)
    train.add_argument("--threads", type=int, default=0, help="cores to use (default: all)")
    train.add_argument("--test", type=Path, help="MNIST test bitmaps (default: the shipped ones)")
    train.add_argument("--progress", default="text", choices=["text", "json"])
    train.set_defaults(run=_train)


def training_plan(arguments: argparse.Namespace) -> Plan:
    """The plan in the file that --plan names, or the one that the other flags describe.

    Raises:
        ValueError: there are both, or one of them is not right.
    """
    given = {name: value for name, value in vars(arguments).items() if name not in _NO_PARAMETERS}
    if file := getattr(arguments, "plan", None):
        if given:
            names = ", ".join(sorted(given))
            raise ValueError(f"--plan holds all parameters: do not set {names} beside it.")
        return read_plan(file)
    given["classes"] = _classes(given.pop("classes", DIGITS), given.pop("not_a_digit", False))
    given["sets"] = tuple(map(_weighted_set, given.get("sets", ())))
    given["teachers"] = tuple(given.get("teachers", ()))
    share = given.pop("teachers_share", 0.5)
    given["teachers_share"] = share if given["teachers"] else 0.0
    if "augmentation" in given:
        given["augmentation"] = AUGMENTATIONS[given["augmentation"]]
    return Plan(**given)


def _classes(symbols: Iterable[str], not_a_digit: bool) -> tuple[str, ...]:
    return (*symbols, NOT_A_DIGIT) if not_a_digit else tuple(symbols)


def _weighted_set(named: str) -> WeightedSet:
    path, is_weighted, weight = named.rpartition("=")
    if not is_weighted:
        return WeightedSet(Path(named))
    try:
        return WeightedSet(Path(path), float(weight))
    except ValueError as error:
        raise DatasetError(f"--set {named}: {weight} is no weight.") from error


def _download(arguments: argparse.Namespace) -> None:
    commands.download(arguments.to, arguments.source)


def _typefaces(arguments: argparse.Namespace) -> None:
    commands.typefaces(arguments.file, arguments.kept_in)


def _train(arguments: argparse.Namespace) -> None:
    say = commands.say_as_json if arguments.progress == "json" else commands.say_as_text
    commands.train(training_plan(arguments), arguments.output, say, arguments.threads)


def _evaluate(arguments: argparse.Namespace) -> None:
    artifact = arguments.artifact or pretrained.ARTIFACT
    commands.evaluate(artifact, arguments.sets, arguments.report, arguments.readme)


def _average(arguments: argparse.Namespace) -> None:
    commands.average(arguments.runs, arguments.output)


def _export(arguments: argparse.Namespace) -> None:
    if arguments.web:
        commands.export_for_the_web(arguments.weights, arguments.artifact)
        return
    if arguments.artifact is None:
        raise ValueError("name the LiteRT file to write.")
    classes = _classes(arguments.classes, arguments.not_a_digit)
    commands.export(arguments.weights, arguments.artifact, arguments.architecture, classes)


def _ship(arguments: argparse.Namespace) -> None:
    commands.ship(arguments.run_folder, arguments.mnist, arguments.sets, arguments.seeds)


if __name__ == "__main__":
    sys.exit(main())
