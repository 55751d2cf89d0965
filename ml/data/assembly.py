"""What the options of `python -m ml train` name, read, split by writer and mixed."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.contract import JSON, NOT_A_DIGIT, Ink, Labels
from ml.data.bending import bend_ink, bend_scans
from ml.data.dataset import (
    Dataset,
    DatasetError,
    concatenate,
    halves,
    holds_strokes,
    load_bitmaps,
    load_mnist,
    load_set,
)
from ml.data.mixture import (
    as_drawn,
    learnable,
    made_up,
    varied,
    with_class_share,
    with_rivals,
    written_digits,
)
from ml.data.synthetic import turned

NOT_A_DIGIT_SHARE = 0.10
"""Of what a training draws, where "not a digit" is a class."""


Read = Callable[[NDArray[np.uint8]], Labels]
"""(n, 28, 28) bitmaps in, (n,) what each is read as out."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What to train on, to choose epoch and threshold by, to calibrate on, and not to forget.

    older   of MNIST and the replay, what is not trained on here; None without them
    newly   how many of `train`, its last ones, are of sets that get a share of it
    """

    train: Dataset
    validation: Dataset
    calibration: Dataset
    older: Dataset | None
    newly: int = 0

    def with_rivals(self, read: Read, times: float) -> Dataset:
        """What to train on, with more of what the new drawings are taken for; see there."""
        order = np.arange(len(self.train))
        replayed, new = map(self.train.select, np.split(order, [-self.newly]))
        return concatenate([with_rivals(replayed, new, read(new.images), times), new])


def training_data(arguments: Namespace) -> TrainingData:
    """Read all sets, and make up what is asked for.

    Sets are split by writer, each for itself. Confidence is calibrated on drawings as they
    come: some of those redrawn have lost what told them apart.
    """
    if arguments.bend and (arguments.turn_strokes or arguments.sets_share is not None):
        raise ValueError("--bend goes neither with --turn-strokes nor with --sets-share.")
    classes = classes_of(arguments)
    base, further = [], [learnable(_weighed_set(named), classes) for named in arguments.sets]
    if arguments.mnist:
        base.append(load_mnist(arguments.mnist, "train"))
    if arguments.replay:
        base.append(load_bitmaps(arguments.replay))
    if not base and not further:
        raise DatasetError("nothing to train on: name --mnist, --replay or --set")
    if arguments.sets_share is not None:
        further = _with_share(further, arguments, sum(map(len, base)))
    kept_apart = split_seed(arguments)
    split = [halves(part, arguments.validation_share, kept_apart) for part in [*base, *further]]
    if arguments.turn_strokes:
        for index, named in enumerate(arguments.sets, len(base)):
            split[index] = (_also_turned(split[index][0], named, arguments), split[index][1])
    older = concatenate(half for _, half in split[: len(base)]) if base else None
    train_set, validation_set = (concatenate(half) for half in zip(*split, strict=True))
    if arguments.written:
        digits = written_digits(arguments.written, arguments.seed)
        held_out = written_digits(arguments.written // 10, kept_apart + 1)
        train_set = concatenate([train_set, digits])
        validation_set = concatenate([validation_set, held_out])
    if NOT_A_DIGIT in classes and arguments.made_up:
        count = arguments.made_up
        train_set = concatenate([train_set, made_up(train_set, count, arguments.seed)])
        held_out = made_up(validation_set, count // 10, kept_apart + 1)
        validation_set = concatenate([validation_set, held_out])
        train_set = with_class_share(train_set, NOT_A_DIGIT, NOT_A_DIGIT_SHARE)
    if not arguments.redraw and not arguments.bend:
        newly = sum(len(half) for half, _ in split[len(base) :])
        if arguments.sets_share is None or not base:
            newly = 0
        return TrainingData(train_set, validation_set, validation_set, older, newly)
    shapes = list(_bent([half for half, _ in split], train_set, len(base), arguments))
    everything = varied(train_set, arguments.redraw, shapes, arguments.seed)
    if arguments.redraw:
        judged_by = concatenate([validation_set, as_drawn(validation_set)])
    else:
        judged_by = validation_set
    return TrainingData(everything, judged_by, validation_set, older)


def split_seed(arguments: Namespace) -> int:
    """What decides which samples are validated on, and never trained on.

    Raises:
        ValueError: a training with this seed would make up what it is validated on.
    """
    given: int | None = arguments.split_seed
    if given is None:
        return int(arguments.seed)
    if given + 1 == arguments.seed:
        raise ValueError(f"--seed {arguments.seed}: with --split-seed {given}, take another.")
    return given


def classes_of(arguments: Namespace) -> tuple[str, ...]:
    """The classes that the options ask for, NOT_A_DIGIT last."""
    reject = (NOT_A_DIGIT,) if getattr(arguments, "not_a_digit", False) else ()
    return (*arguments.classes, *reject)


def mixture_in_json(arguments: Namespace) -> JSON:
    """What was mixed into the training beside MNIST and the replay, for the record."""
    weights = dict(_named_weight(named) for named in arguments.sets)
    return {
        "set_weights": {path.name: weight for path, weight in weights.items()},
        "made_up": arguments.made_up,
        "written": arguments.written,
        "redrawn_with_pens": arguments.redraw,
        "strokes_turned": arguments.turn_strokes,
        "bent": arguments.bend,
        "rivals": arguments.rivals,
    }


def _bent(
    parts: list[Dataset], train_set: Dataset, sets_from: int, arguments: Namespace
) -> Iterator[NDArray[np.uint8]]:
    """What is trained on, bent as often as asked for: strokes as such, scans while enlarged.

    What was made up, which comes last, is as it was: more of it can be made up.
    """
    made_up_images = train_set.images[sum(map(len, parts)) :]
    named: list[str | None] = [None] * sets_from + arguments.sets
    for turn in range(arguments.bend):
        seeds = np.random.SeedSequence([arguments.seed, turn]).generate_state(len(parts))
        bent = [
            _bent_half(half, name, int(seed), arguments)
            for half, name, seed in zip(parts, named, seeds, strict=True)
        ]
        yield np.concatenate([*bent, made_up_images])


def _bent_half(
    half: Dataset, named: str | None, seed: int, arguments: Namespace
) -> NDArray[np.uint8]:
    if named is None or not holds_strokes(_named_weight(named)[0]):
        return bend_scans(half.images, seed)
    rng = np.random.default_rng(seed)
    return _changed_strokes(named, lambda ink, label: bend_ink(ink, label, rng), arguments).images


def _changed_strokes(
    named: str, change: Callable[[Ink, str], Ink], arguments: Namespace
) -> Dataset:
    """What is trained on of a set of strokes, changed before they are drawn."""
    everything = load_set(_named_weight(named)[0], change=change)
    mine = learnable(everything, classes_of(arguments))
    return halves(mine, arguments.validation_share, split_seed(arguments))[0]


def _also_turned(half: Dataset, named: str, arguments: Namespace) -> Dataset:
    """What is trained on of a set of strokes, as it is and turned, each half as often.

    Strokes are turned before they are drawn: a bitmap that is turned is blurred too.
    """
    if not holds_strokes(_named_weight(named)[0]):
        return half
    rng = np.random.default_rng(arguments.seed)
    other = _changed_strokes(named, lambda ink, label: turned(ink, label, rng), arguments)
    weights = half.weights * np.float32(0.5)
    return concatenate(
        [replace(half, weights=weights), replace(half, images=other.images, weights=weights)]
    )


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
