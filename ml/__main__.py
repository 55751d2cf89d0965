"""`python -m ml download | typefaces | train | evaluate | export | ship`."""

import argparse
import errno
import os
import sys
from pathlib import Path

from ml import commands, pretrained
from ml.contract import InkError
from ml.data.dataset import DatasetError
from ml.reading.inference import ArtifactError

DATA = Path("var/mnist")
TYPEFACES = Path("var/typefaces")

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
    download.set_defaults(run=commands.download)

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
    typefaces.set_defaults(run=commands.typefaces)

    train = commands_of.add_parser("train", help="train, export and evaluate a network")
    train.add_argument("--output", type=Path, required=True, help="folder for the result")
    train.add_argument("--mnist", type=Path, help=f"MNIST's folder, such as {DATA}")
    train.add_argument("--replay", type=Path, help="bitmaps to mix in, as `ml/pretrained` ships")
    train.add_argument(
        "--set",
        dest="sets",
        metavar="FILE[=WEIGHT]",
        action="append",
        default=[],
        help="a further NPZ set, its samples drawn WEIGHT times as often",
    )
    train.add_argument(
        "--sets-share", type=float, help="how much of each epoch the --set files make up, 0 to 1"
    )
    train.add_argument(
        "--sets-repeats", type=float, default=20.0, help="but each sample at most so often"
    )
    train.add_argument("--initial", type=Path, help="weights to start from, to fine-tune")
    train.add_argument(
        "--rivals",
        type=float,
        default=0.0,
        help="for each sample of the --set files that --initial misreads, see so many older ones"
        " of what it was taken for",
    )
    train.add_argument(
        "--teacher",
        dest="teachers",
        type=Path,
        action="append",
        default=[],
        help="weights of a network to learn from too; again for each",
    )
    train.add_argument(
        "--teachers-share", type=float, default=0.5, help="how much of a target they make up"
    )
    train.add_argument("--architecture", default="source_cnn")
    train.add_argument("--classes", default="0123456789", help="one character each")
    train.add_argument(
        "--not-a-digit", action="store_true", help="add that class, from letters in the sets"
    )
    train.add_argument(
        "--reject-above",
        type=float,
        help="keep this threshold and the confidence as it is, instead of calibrating",
    )
    train.add_argument(
        "--made-up", type=int, default=0, help="so many letters and scribbles for that class"
    )
    train.add_argument("--written", type=int, default=0, help="so many made-up digits")
    train.add_argument(
        "--turn-strokes",
        action="store_true",
        help="sets of pen strokes also turned, before they are drawn",
    )
    train.add_argument(
        "--bend",
        type=int,
        default=0,
        help="each sample also bent so many times, before it is drawn or while it is large",
    )
    train.add_argument("--redraw", type=int, default=0, help="each sample again with so many pens")
    train.add_argument("--epochs", type=int, default=60)
    train.add_argument("--epoch-samples", type=int, default=0, help="default: all there are")
    train.add_argument("--schedule", default="plateau", choices=["plateau", "cosine"])
    train.add_argument("--keep", default="best", choices=["best", "last"], help="which epoch")
    train.add_argument("--label-smoothing", type=float, default=0.0)
    train.add_argument(
        "--dropout", type=float, default=1.0, help="how much of the architecture's own, 0 to 1"
    )
    train.add_argument(
        "--second-loss",
        type=float,
        default=0.0,
        help="how much it counts to tell a 1 or 7 from a pen from a scanned one",
    )
    train.add_argument("--ema", type=float, default=0.0, help="momentum of averaged weights")
    train.add_argument(
        "--most-forgotten",
        type=float,
        default=0.0,
        help="go back towards --initial until the older samples lost at most this in the mean",
    )
    train.add_argument(
        "--augmentation",
        default="source",
        choices=["source", "turned", "hands", "moderate", "strong"],
    )
    train.add_argument("--batch-size", type=int, default=128)
    train.add_argument("--learning-rate", type=float, default=5e-4)
    train.add_argument("--precision", default="float32", choices=["float32", "mixed_bfloat16"])
    train.add_argument("--seed", type=int, default=1)
    train.add_argument(
        "--split-seed",
        type=int,
        help="decides what is validated on (default: the seed); that of the --initial weights'"
        " training keeps what those have learned out of it",
    )
    train.add_argument("--validation-share", type=float, default=0.1)
    train.add_argument("--threads", type=int, default=0, help="cores to use (default: all)")
    train.add_argument("--test", type=Path, help="MNIST test bitmaps (default: the shipped ones)")
    train.add_argument("--progress", default="text", choices=["text", "json"])
    train.set_defaults(run=commands.train)

    evaluate = commands_of.add_parser("evaluate", help="judge an exported network")
    evaluate.add_argument("artifact", type=Path, nargs="?", help="default: the shipped model")
    evaluate.add_argument("--set", dest="sets", type=Path, action="append", default=[])
    evaluate.add_argument(
        "--report",
        type=Path,
        default=Path("build/model.html"),
        help="the page to write, JSON beside it (default: %(default)s)",
    )
    evaluate.add_argument("--readme", type=Path, help="a page whose table of figures to renew")
    evaluate.set_defaults(run=commands.evaluate)

    average = commands_of.add_parser(
        "average", help="the mean of several trainings' weights, to train on from"
    )
    average.add_argument("output", type=Path, help="the .weights.h5 file to write")
    average.add_argument("runs", type=Path, nargs="+", help="the --output of each training")
    average.set_defaults(run=commands.average)

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
    export.set_defaults(run=commands.export)

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
    ship.set_defaults(run=commands.ship)
    return top


if __name__ == "__main__":
    sys.exit(main())
