"""The data that a plan names: read, split by writer and mixed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

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
    synthetic_digits,
    synthetic_others,
    varied,
    with_class_share,
    with_hard_negatives,
)
from ml.data.synthetic import turned
from ml.plan import Plan, WeightedSet

NOT_A_DIGIT_SHARE = 0.10
"""Of what a training draws, where "not a digit" is a class."""


Predict = Callable[[NDArray[np.uint8]], Labels]
"""(n, 28, 28) bitmaps in, (n,) the class predicted for each out."""


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

    def with_hard_negatives(self, predict: Predict, times: float) -> Dataset:
        """What to train on, with more of what the new drawings are taken for; see there."""
        order = np.arange(len(self.train))
        replayed, new = map(self.train.select, np.split(order, [-self.newly]))
        return concatenate([with_hard_negatives(replayed, new, predict(new.images), times), new])


def training_data(plan: Plan) -> TrainingData:
    """Read all sets, and add the synthetic samples.

    Sets are split by writer, each for itself. Confidence is calibrated on drawings as they
    come: some of those redrawn have lost what told them apart.
    """
    if plan.bend and (plan.turn_strokes or plan.sets_share is not None):
        raise ValueError("--bend goes neither with --turn-strokes nor with --sets-share.")
    classes = plan.classes
    base, further = [], [learnable(_weighed_set(named), classes) for named in plan.sets]
    if plan.mnist:
        base.append(load_mnist(plan.mnist, "train"))
    if plan.replay:
        base.append(load_bitmaps(plan.replay))
    if not base and not further:
        raise DatasetError("nothing to train on: name --mnist, --replay or --set")
    if plan.sets_share is not None:
        further = _with_share(further, plan.sets_share, plan, sum(map(len, base)))
    kept_apart = split_seed(plan)
    split = [halves(part, plan.validation_share, kept_apart) for part in [*base, *further]]
    if plan.turn_strokes:
        for index, named in enumerate(plan.sets, len(base)):
            split[index] = (_also_turned(split[index][0], named, plan), split[index][1])
    older = concatenate(half for _, half in split[: len(base)]) if base else None
    train_set, validation_set = (concatenate(half) for half in zip(*split, strict=True))
    if plan.synthetic_digits:
        digits = synthetic_digits(plan.synthetic_digits, plan.seed)
        held_out = synthetic_digits(plan.synthetic_digits // 10, kept_apart + 1)
        train_set = concatenate([train_set, digits])
        validation_set = concatenate([validation_set, held_out])
    if NOT_A_DIGIT in classes and plan.synthetic_others:
        count = plan.synthetic_others
        train_set = concatenate([train_set, synthetic_others(train_set, count, plan.seed)])
        held_out = synthetic_others(validation_set, count // 10, kept_apart + 1)
        validation_set = concatenate([validation_set, held_out])
        train_set = with_class_share(train_set, NOT_A_DIGIT, NOT_A_DIGIT_SHARE)
    if not plan.redraw and not plan.bend:
        newly = sum(len(half) for half, _ in split[len(base) :])
        if plan.sets_share is None or not base:
            newly = 0
        return TrainingData(train_set, validation_set, validation_set, older, newly)
    shapes = list(_bent([half for half, _ in split], train_set, len(base), plan))
    everything = varied(train_set, plan.redraw, shapes, plan.seed)
    if plan.redraw:
        evaluated_on = concatenate([validation_set, as_drawn(validation_set)])
    else:
        evaluated_on = validation_set
    return TrainingData(everything, evaluated_on, validation_set, older)


def split_seed(plan: Plan) -> int:
    """What decides which samples are validated on, and never trained on.

    Raises:
        ValueError: a training with this seed would draw the samples that it is validated on.
    """
    given = plan.split_seed
    if given is None:
        return plan.seed
    if given + 1 == plan.seed:
        raise ValueError(f"--seed {plan.seed}: with --split-seed {given}, take another.")
    return given


def mixture_in_json(plan: Plan) -> JSON:
    """What was mixed into the training beside MNIST and the replay, for the record."""
    return {
        "set_weights": {one.path.name: one.weight for one in plan.sets},
        "made_up": plan.synthetic_others,
        "written": plan.synthetic_digits,
        "redrawn_with_pens": plan.redraw,
        "strokes_turned": plan.turn_strokes,
        "bent": plan.bend,
        "rivals": plan.hard_negatives,
    }


def _bent(
    parts: list[Dataset], train_set: Dataset, sets_from: int, plan: Plan
) -> Iterator[NDArray[np.uint8]]:
    """What is trained on, bent as often as asked for: strokes as such, scans while enlarged.

    Synthetic samples, which come last, stay as they are: more can be drawn.
    """
    synthetic_images = train_set.images[sum(map(len, parts)) :]
    named: list[WeightedSet | None] = [None] * sets_from + [*plan.sets]
    for turn in range(plan.bend):
        seeds = np.random.SeedSequence([plan.seed, turn]).generate_state(len(parts))
        bent = [
            _bent_half(half, name, int(seed), plan)
            for half, name, seed in zip(parts, named, seeds, strict=True)
        ]
        yield np.concatenate([*bent, synthetic_images])


def _bent_half(
    half: Dataset, named: WeightedSet | None, seed: int, plan: Plan
) -> NDArray[np.uint8]:
    if named is None or not holds_strokes(named.path):
        return bend_scans(half.images, seed)
    rng = np.random.default_rng(seed)
    return _changed_strokes(named, lambda ink, label: bend_ink(ink, label, rng), plan).images


def _changed_strokes(named: WeightedSet, change: Callable[[Ink, str], Ink], plan: Plan) -> Dataset:
    """What is trained on of a set of strokes, changed before they are drawn."""
    everything = load_set(named.path, change=change)
    mine = learnable(everything, plan.classes)
    return halves(mine, plan.validation_share, split_seed(plan))[0]


def _also_turned(half: Dataset, named: WeightedSet, plan: Plan) -> Dataset:
    """What is trained on of a set of strokes, as it is and turned, each half as often.

    Strokes are turned before they are drawn: a bitmap that is turned is blurred too.
    """
    if not holds_strokes(named.path):
        return half
    rng = np.random.default_rng(plan.seed)
    other = _changed_strokes(named, lambda ink, label: turned(ink, label, rng), plan)
    weights = half.weights * np.float32(0.5)
    return concatenate(
        [replace(half, weights=weights), replace(half, images=other.images, weights=weights)]
    )


def _weighed_set(named: WeightedSet) -> Dataset:
    """The set, each sample drawn as many times as often as its weight."""
    part = load_set(named.path)
    return replace(part, weights=part.weights * np.float32(named.weight))


def _with_share(sets: list[Dataset], share: float, plan: Plan, others: int) -> list[Dataset]:
    """Weights that give the sets their share of an epoch, no sample more often than allowed."""
    if not 0 < share < 1:
        raise ValueError(f"--sets-share {share}: must lie between 0 and 1")
    total = sum(map(len, sets))
    if not total or not others:
        return sets
    weight = np.float32(min(share / (1 - share) * others / total, plan.sets_repeats))
    return [replace(part, weights=part.weights * weight) for part in sets]
