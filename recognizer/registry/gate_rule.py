"""Whether a candidate may be promoted, from how both versions did on the same images.

Only images that one of the two reads rightly and the other does not tell them apart;
`ml.evaluation.paired_test` says how likely such a difference is if the versions are equally good.

- Worse on a set: that chance is under WORSE_BELOW, or, on MNIST, more than MOST_LOST images
  in 10,000 are lost on balance: among so many a real loss may still pass for chance.
- Better on a set: the chance is under BETTER_BELOW, shared among the sets that have images.
  With a whole one for each of three sets, one candidate in seven would look better by luck.
- A candidate passes if it is worse on none and better on at least one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ml.evaluation.paired_test import chance_of_so_many
from recognizer.language.formats import grouped, with_decimals

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

_WHERE = {
    MNIST: gettext_noop("the MNIST test"),
    DRAWN: gettext_noop("the drawn test set"),
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
    """What the rule says, and why."""

    passed: bool
    reason: str
    findings: dict[str, str]
    better_below: float


def decide(counts: list[Count]) -> Decision:
    """Apply the rule."""
    better_below = BETTER_BELOW / max(1, sum(count.samples > 0 for count in counts))
    findings = {count.key: count.finding(better_below) for count in counts}
    passed = "better" in findings.values() and "worse" not in findings.values()
    with translation.override("en"):
        reason = _reason(counts, findings, better_below)
    return Decision(passed, reason, findings, better_below)


def reason_in_words(stored: str, figures: dict[str, Any]) -> str:
    """A verdict's reason in the person's language, from its figures.

    As it was stored where they would not give that: the rule, or its words, were others then.
    """
    names = [field.name for field in fields(Count)]
    try:
        sets = figures["sets"]
        counts = [Count(**{name: one[name] for name in names}) for one in sets]
        rest = {one["key"]: one["finding"] for one in sets}, figures["better_below"]
    except KeyError:
        return stored
    with translation.override("en"):
        is_the_same = _reason(counts, *rest) == stored
    return _reason(counts, *rest) if is_the_same else stored


def _reason(counts: Sequence[Count], findings: dict[str, str], better_below: float) -> str:
    worse = [count for count in counts if findings[count.key] == "worse"]
    better = [count for count in counts if findings[count.key] == "better"]
    if worse:
        return _("Worse on %(sets)s.") % {"sets": _and(map(_found, worse))}
    if better:
        words = _("Better on %(sets)s; not worse on any, beyond noise.")
        return words % {"sets": _and(map(_found, better))}
    enough = next(n for n in range(100) if chance_of_so_many(n, 0) < better_below)
    return _(
        "Not worse, but not better on any of them beyond noise either."
        " %(enough)s images newly right on one of them, and none newly wrong, would do."
    ) % {"enough": enough}


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


def _found(count: Count) -> str:
    values = {
        "where": _(_WHERE[count.key]),
        "right": grouped(count.newly_right),
        "wrong": grouped(count.newly_wrong),
    }
    if count.chance >= WORSE_BELOW and count.loses_too_many:
        words = _(
            "%(where)s (%(right)s newly right, %(wrong)s newly wrong:"
            " at most %(allowed)s more may be lost than won)"
        )
        return words % {**values, "allowed": MOST_LOST * count.samples // 10_000}
    words = _("%(where)s (%(right)s newly right, %(wrong)s newly wrong; %(chance)s)")
    return words % {**values, "chance": p_in_words(count.chance)}


def _and(parts: Iterable[str]) -> str:
    *others, last = parts
    return (
        _("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last}
        if others
        else last
    )
