"""Whether a candidate may be promoted, from how both versions did on the same images.

Only images that one of the two reads rightly and the other does not tell them apart;
`ml.evaluation.paired_test` says how likely such a difference is if the versions are equally good.

- Worse on a set: that chance is under WORSE_BELOW, or, on MNIST, more than MOST_LOST images
  in 10,000 are lost on balance: among so many a real loss may still pass for chance.
- Better on a set: the chance is under BETTER_BELOW, shared among the sets that have images.
  With a whole one for each of three sets, one candidate in seven would look better by luck.
- A candidate passes if it is worse on none and better on at least one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from ml.evaluation.paired_test import chance_of_so_many
from recognizer.language.formats import with_decimals

MNIST, DRAWN, CORRECTIONS = "mnist_test", "drawn_test", "corrections"
"""The sets of images that both versions read; see `evaluation_sets`."""

WORSE_BELOW = BETTER_BELOW = 0.05

MOST_LOST = 5
"""Of 10,000 MNIST images so many more may be lost than won."""

FINDINGS = {
    "better": gettext_noop("better"),
    "worse": gettext_noop("worse"),
    "same": gettext_noop("no difference beyond noise"),
    "empty": gettext_noop("nothing to compare yet"),
}

NAMES = {
    MNIST: gettext_noop("MNIST test"),
    DRAWN: gettext_noop("drawn test set"),
    CORRECTIONS: gettext_noop("past corrections"),
}


@dataclass(frozen=True)
class Count:
    """How two versions did on the same images."""

    key: str
    samples: int
    before: int
    after: int
    newly_right: int
    newly_wrong: int

    @property
    def chance(self) -> float:
        """Of so large a difference, in its direction, if neither version is better."""
        larger = max(self.newly_right, self.newly_wrong)
        return chance_of_so_many(larger, self.newly_right + self.newly_wrong - larger)

    @property
    def loses_too_many(self) -> bool:
        lost = self.newly_wrong - self.newly_right
        return self.key == MNIST and lost * 10_000 > MOST_LOST * self.samples

    def finding(self, better_below: float) -> str:
        """One of better, worse, same, and empty where there is nothing to compare."""
        if not self.samples:
            return "empty"
        if self.newly_wrong > self.newly_right:
            worse = self.chance < WORSE_BELOW or self.loses_too_many
            return "worse" if worse else "same"
        return "better" if self.chance < better_below else "same"


@dataclass(frozen=True)
class Decision:
    """What the rule says, and why: a code and its parameters, as `reasons` renders them."""

    passed: bool
    reason: dict[str, Any]
    findings: dict[str, str]
    better_below: float


def decide(counts: list[Count]) -> Decision:
    """Apply the rule."""
    better_below = BETTER_BELOW / max(1, sum(count.samples > 0 for count in counts))
    findings = {count.key: count.finding(better_below) for count in counts}
    passed = "better" in findings.values() and "worse" not in findings.values()
    reason = reason_for(counts, findings, better_below)
    return Decision(passed, reason, findings, better_below)


def reason_for(
    counts: Sequence[Count], findings: dict[str, str], better_below: float
) -> dict[str, Any]:
    """The code of what decided, and the figures that its sentence names."""
    for code in ("worse", "better"):
        if sets := [_figures(count) for count in counts if findings[count.key] == code]:
            return {"code": code, "sets": sets}
    enough = next(n for n in range(100) if chance_of_so_many(n, 0) < better_below)
    return {"code": "not_better", "enough": enough}


def _figures(count: Count) -> dict[str, Any]:
    """`allowed` where so many lost images decided, and else how likely they are by chance."""
    figures = {"key": count.key, "right": count.newly_right, "wrong": count.newly_wrong}
    if count.chance >= WORSE_BELOW and count.loses_too_many:
        return {**figures, "allowed": MOST_LOST * count.samples // 10_000}
    return {**figures, "p": count.chance}


def p_in_words(chance: float) -> str:
    """Two figures of a probability."""
    return with_decimals("p < 0.001" if chance < 0.001 else f"p = {chance:.2g}")


def in_words(figures: dict[str, Any]) -> str:
    """A stored set of figures in one line."""
    name = NAMES[figures["key"]]
    if figures["finding"] == "empty":
        return f"{name}: nothing to compare yet"
    return (
        f"{name}: {figures['before']:,} -> {figures['after']:,} of {figures['samples']:,} right;"
        f" {figures['newly_right']:,} newly right, {figures['newly_wrong']:,} newly wrong;"
        f" {p_in_words(figures['p'])}: {FINDINGS[figures['finding']]}"
    )
