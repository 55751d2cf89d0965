"""The gate's rule: may a candidate be promoted, given both versions' results on the same images?

Only images that exactly one of the two versions predicts correctly count. From these,
`ml.evaluation.paired_test` computes the p-value of the difference.

- Worse on a set: p is under WORSE_BELOW. On MNIST, a net loss of more than MOST_LOST images in
  10,000 is enough: on a set of that size, a real loss can still have a high p.
- Better on a set: p is under BETTER_BELOW divided by the number of sets that have images.
  Without the division, one candidate in seven would look better on one of three sets by chance.
- A candidate passes if it is worse on no set and better on at least one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from ml.evaluation.paired_test import chance_of_so_many
from recognizer.language.formats import with_decimals

MNIST, DRAWN, CORRECTIONS = "mnist_test", "drawn_test", "corrections"
"""The image sets; see `evaluation_sets`."""

WORSE_BELOW = BETTER_BELOW = 0.05

MOST_LOST = 5
"""The largest net loss allowed, per 10,000 MNIST images."""

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
    """How many images of a set two versions predict correctly."""

    key: str
    samples: int
    before: int
    after: int
    newly_right: int
    newly_wrong: int

    @property
    def chance(self) -> float:
        """The one-sided p-value: the chance of such a difference if neither version is better."""
        larger = max(self.newly_right, self.newly_wrong)
        return chance_of_so_many(larger, self.newly_right + self.newly_wrong - larger)

    @property
    def loses_too_many(self) -> bool:
        lost = self.newly_wrong - self.newly_right
        return self.key == MNIST and lost * 10_000 > MOST_LOST * self.samples

    def finding(self, better_below: float) -> str:
        """One of "better", "worse", "same", or "empty" for a set without images."""
        if not self.samples:
            return "empty"
        if self.newly_wrong > self.newly_right:
            worse = self.chance < WORSE_BELOW or self.loses_too_many
            return "worse" if worse else "same"
        return "better" if self.chance < better_below else "same"


@dataclass(frozen=True)
class Decision:
    """The rule's outcome and its reason: a code and parameters, which `reasons` renders."""

    passed: bool
    reason: dict[str, Any]
    findings: dict[str, str]
    better_below: float


def decide(counts: list[Count]) -> Decision:
    """Apply the rule to the counts of all sets."""
    better_below = BETTER_BELOW / max(1, sum(count.samples > 0 for count in counts))
    findings = {count.key: count.finding(better_below) for count in counts}
    passed = "better" in findings.values() and "worse" not in findings.values()
    reason = reason_for(counts, findings, better_below)
    return Decision(passed, reason, findings, better_below)


def reason_for(
    counts: Sequence[Count], findings: dict[str, str], better_below: float
) -> dict[str, Any]:
    """The code of the reason, and the figures in its sentence."""
    for code in ("worse", "better"):
        if sets := [_figures(count) for count in counts if findings[count.key] == code]:
            return {"code": code, "sets": sets}
    enough = next(n for n in range(100) if chance_of_so_many(n, 0) < better_below)
    return {"code": "not_better", "enough": enough}


def _figures(count: Count) -> dict[str, Any]:
    """Include `allowed` if only the limit on lost images decided, else `p`."""
    figures = {"key": count.key, "right": count.newly_right, "wrong": count.newly_wrong}
    if count.chance >= WORSE_BELOW and count.loses_too_many:
        return {**figures, "allowed": MOST_LOST * count.samples // 10_000}
    return {**figures, "p": count.chance}


def p_in_words(chance: float) -> str:
    """A probability with two significant digits."""
    return with_decimals("p < 0.001" if chance < 0.001 else f"p = {chance:.2g}")


def in_words(figures: dict[str, Any]) -> str:
    """One line for the stored figures of a set."""
    name = NAMES[figures["key"]]
    if figures["finding"] == "empty":
        return f"{name}: nothing to compare yet"
    return (
        f"{name}: {figures['before']:,} -> {figures['after']:,} of {figures['samples']:,} right;"
        f" {figures['newly_right']:,} newly right, {figures['newly_wrong']:,} newly wrong;"
        f" {p_in_words(figures['p'])}: {FINDINGS[figures['finding']]}"
    )
