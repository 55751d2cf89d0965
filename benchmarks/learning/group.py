"""The group of writers whose 1 and 9 the model misreads, split for training and testing.

A fixed seed splits the writers into two halves before any prediction. Drawings of one half are
corrected and used for training; those of the other half are the test set. Then:

1. The group consists of writers whose 1 and 9 the model already misreads. Half of a writer's
   drawings decide whether the writer belongs to the group. Only the other half is counted, so that
   chance errors are not mistaken for a habit.
2. If there is no such group, each writer is given a habit (see `habits`), strong enough for the
   model to misread a third of the 1s and 9s of the training writers. The test writers have no
   influence on this choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.learning import habits
from benchmarks.learning.habits import Habit
from ml.contract import DIGITS, Drawn, Ink, InkError, Labels
from ml.data.dataset import DatasetError, load_drawn
from ml.data.letterforms import DIGIT_FORMS
from ml.data.synthetic import by_hand
from ml.drawing.preprocessing import preprocess
from ml.evaluation.robustness import lay
from ml.reading.inference import Classifier

SEED = 1
MISREAD_AT_LEAST = 0.10
"""The share of misread 1s and 9s from which a writer, or the group, counts as misread."""

MISREAD_BY_HABIT = 1 / 3
LEAST_DRAWINGS = 100
"""The drawings of 1 and 9 that each half needs for the group to be measured."""

LEAST_OF_ONE_WRITER = 4
TRIED = 300
"""The number of drawings of each digit on which a habit is tried."""

SESSION = 25
"""Samples without a writer are grouped into sessions of this many drawings."""

SYNTHETIC_WRITERS, SYNTHETIC_OF_EACH = 40, 18
_PLAIN_FORMS = {**DIGIT_FORMS, "1": DIGIT_FORMS["1"][:4], "9": DIGIT_FORMS["9"][:3]}

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Handwriting:
    """Labelled drawings: n drawings with (n,) labels and writers."""

    drawn: list[Drawn]
    labels: Labels
    writers: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, which: Mask | NDArray[np.intp]) -> "Handwriting":
        indices = np.arange(len(self))[which].tolist()
        return Handwriting(
            [self.drawn[i] for i in indices], self.labels[which], self.writers[which]
        )

    @property
    def ones_and_nines(self) -> Mask:
        return np.isin(self.labels, habits.DIGITS)


@dataclass(frozen=True, eq=False)
class Group:
    """The 1s and 9s of the training and the test writers, and all their other digits."""

    learn: Handwriting
    test: Handwriting
    learn_others: Handwriting
    test_others: Handwriting
    description: str
    habit: Habit | None


def load(path: Path | None) -> Handwriting:
    """Load the digits of a dataset in random order, or synthetic ones without a path.

    Raises:
        DatasetError: the dataset cannot be read, or has too few digits.
    """
    rng = np.random.default_rng(SEED)
    if path is None:
        return synthetic(rng, SYNTHETIC_WRITERS, SYNTHETIC_OF_EACH)
    drawn, labels, writers = load_drawn(path)
    usable = np.isin(labels, DIGITS) & np.array([_has_ink(one) for one in drawn])
    kept = rng.permutation(np.flatnonzero(usable))
    found = Handwriting(drawn, labels, writers).select(kept)
    if found.ones_and_nines.sum() < 2 * LEAST_DRAWINGS:
        raise DatasetError(
            f"{path} holds {found.ones_and_nines.sum()} drawings of 1 and 9;"
            f" at least {2 * LEAST_DRAWINGS} are needed."
        )
    return Handwriting(found.drawn, found.labels, in_sessions(found.writers))


def in_sessions(writers: Labels) -> Labels:
    """Name the writers of samples without one: a new name every SESSION samples."""
    unknown = writers == ""
    session = (np.cumsum(unknown) - 1) // SESSION
    return np.where(unknown, np.char.add("session ", session.astype("U8")), writers)


def synthetic(rng: np.random.Generator, writers: int, of_each: int) -> Handwriting:
    """Make digits by `writers` synthetic people; each person always uses the same forms."""
    drawn, labels, names = [], [], []
    for writer in range(writers):
        forms = {digit: str(rng.choice(_PLAIN_FORMS[digit])) for digit in DIGITS}
        for digit in np.repeat(DIGITS, of_each).tolist():
            drawn.append(by_hand(forms[digit], rng))
            labels.append(digit)
            names.append(f"made up {writer}")  # the split by a seed depends on the names
    order = rng.permutation(len(labels))
    return Handwriting(list(drawn), np.array(labels), np.array(names)).select(order)


def split_writers(writers: Labels, seed: int = SEED) -> Mask:
    """Return (n,) whether each sample's writer is in the training half."""
    names, which = np.unique(writers, return_inverse=True)
    chosen = np.zeros(len(names), bool)
    chosen[np.random.default_rng(seed).permutation(len(names))[: len(names) // 2]] = True
    return np.asarray(chosen[which])


def form(handwriting: Handwriting, classifier: Classifier) -> Group:
    """Form the group from the drawings as they are, else with a habit."""
    learn = split_writers(handwriting.writers)
    return as_they_are(handwriting, learn, classifier) or with_habit(handwriting, learn, classifier)


def as_they_are(handwriting: Handwriting, learn: Mask, classifier: Classifier) -> Group | None:
    """Form the group of writers that are already misread; None if there are too few."""
    mine = handwriting.ones_and_nines
    ours = handwriting.select(mine)
    wrong = np.zeros(len(handwriting), bool)
    wrong[mine] = misread(classifier, ours.drawn, ours.labels)
    # Samples are in random order, so every second one gives half of each writer's drawings.
    choosing = np.arange(len(handwriting)) % 2 == 0
    names = misread_writers(handwriting.writers[mine & choosing], wrong[mine & choosing])
    member = np.isin(handwriting.writers, names)
    teaching, testing = member & learn & mine, member & ~learn & mine & ~choosing
    checked = wrong[teaching & ~choosing]
    enough = min(teaching.sum(), testing.sum()) >= LEAST_DRAWINGS
    if not enough or checked.mean() < MISREAD_AT_LEAST:
        return None
    return Group(
        handwriting.select(teaching),
        handwriting.select(testing),
        handwriting.select(learn & ~mine),
        handwriting.select(~learn & ~mine & member),
        f"as they are: {len(names)} of {len(set(handwriting.writers))} writers whose 1 and 9"
        " are misread, chosen by other drawings than those of the test",
        habit=None,
    )


def misread_writers(writers: Labels, wrong: Mask) -> list[str]:
    """Return the writers with at least MISREAD_AT_LEAST of their drawings misread."""
    names, which, counts = np.unique(writers, return_inverse=True, return_counts=True)
    share = np.bincount(which, wrong, len(names)) / counts
    chosen = (share >= MISREAD_AT_LEAST) & (counts >= LEAST_OF_ONE_WRITER)
    return [str(name) for name in names[chosen]]


def with_habit(handwriting: Handwriting, learn: Mask, classifier: Classifier) -> Group:
    """Give each writer a habit in 1 and 9, strong enough to misread the training writers."""
    mine = handwriting.ones_and_nines
    habit = choose_habit(handwriting.select(learn & mine), classifier)
    return Group(
        write(handwriting.select(learn & mine), habit),
        write(handwriting.select(~learn & mine), habit),
        handwriting.select(learn & ~mine),
        handwriting.select(~learn & ~mine),
        f"every writer with a habit: flat flags on 1 ({habit.flag:g} of 1),"
        f" looped tails on 9 ({habit.tail:g} of 1)",
        habit,
    )


def choose_habit(learners: Handwriting, classifier: Classifier) -> Habit:
    """Return the weakest habit with which the model misreads a third of each digit."""
    found = {
        digit: _first_misread(learners.select(learners.labels == digit), classifier)
        for digit in habits.DIGITS
    }
    return Habit(flag=found["1"], tail=found["9"])


def _first_misread(digits: Handwriting, classifier: Classifier) -> float:
    some = digits.select(np.arange(len(digits)) < TRIED)
    for step in habits.STEPS:
        written = write(some, Habit(step, step))
        if len(some) and misread(classifier, written.drawn, some.labels).mean() > MISREAD_BY_HABIT:
            return step
    return habits.STEPS[-1]


def write(handwriting: Handwriting, habit: Habit) -> Handwriting:
    """Add their writers' habit to the drawings."""
    rng = np.random.default_rng(SEED)
    rows = zip(handwriting.drawn, handwriting.labels, handwriting.writers, strict=True)
    drawn = [habit.write(one, str(label), str(writer), rng) for one, label, writer in rows]
    return Handwriting(drawn, handwriting.labels, handwriting.writers)


def on_canvas(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Place strokes on a canvas at random sizes and places; leave pictures unchanged."""
    rng = np.random.default_rng(SEED)
    return [lay(one, rng) if isinstance(one, Ink) else one for one in drawn]


def misread(classifier: Classifier, drawn: Sequence[Drawn], labels: Labels) -> Mask:
    """Return (n,) whether each prediction is wrong or refused."""
    names = np.array(classifier.classes)
    read = [classifier.decide(classifier.classify(preprocess(one))[None])[0] for one in drawn]
    return np.asarray(names[np.array(read, int)] != labels)


def _has_ink(drawn: Drawn) -> bool:
    try:
        preprocess(drawn)
    except InkError:
        return False
    return True
