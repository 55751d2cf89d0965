"""The reasons of verdicts and promotions, in the reader's language.

A verdict stores its reason as a code and parameters in `figures["reason"]`. Its column
`reason` holds the English sentence, for exports and for releases before 1.0.0.

Automatic promotions have a stored message as their reason; staff write their own.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recognizer.language.formats import grouped
from recognizer.language.stored_messages import parsed
from recognizer.models import Promotion, Verdict
from recognizer.registry.gate_rule import CORRECTIONS, DRAWN, MNIST, Count, p_in_words, reason_for

VERDICTS = {
    "worse": gettext_noop("Worse on %(sets)s."),
    "better": gettext_noop("Better on %(sets)s; not worse on any, beyond noise."),
    "not_better": gettext_noop(
        "Not worse, but not better on any of them beyond noise either."
        " %(enough)s images newly right on one of them, and none newly wrong, would do."
    ),
}

PROMOTIONS = {
    "shipped": gettext_noop("Ships with the project."),
    "passed": gettext_noop("Promoted automatically. %(verdict)s"),
}

_WHERE = {
    MNIST: gettext_noop("the MNIST test"),
    DRAWN: gettext_noop("the drawn test set"),
    CORRECTIONS: gettext_noop("past corrections"),
}


def of_verdict(verdict: Verdict) -> str:
    """A verdict's reason; the stored sentence if the code is unknown."""
    if "reason" not in verdict.figures:
        return _stored_before(verdict)
    try:
        return in_words(verdict.figures["reason"])
    except (KeyError, TypeError, ValueError):
        return verdict.reason


def of_promotion(promotion: Promotion) -> str:
    """A promotion's reason; unchanged if staff or a release before 1.0.0 wrote it."""
    found = parsed(promotion.reason)
    try:
        verdict = in_words(found["verdict"]) if "verdict" in found else ""
        return _(PROMOTIONS[found["code"]]) % {"verdict": verdict}
    except (KeyError, TypeError, ValueError):
        return promotion.reason


def in_words(reason: dict[str, Any]) -> str:
    """The sentence for a verdict's code and parameters.

    Raises:
        KeyError: the code is unknown, or a parameter is missing.
    """
    sentence = _(VERDICTS[reason["code"]])
    if "sets" in reason:
        return sentence % {"sets": _and(map(_found, reason["sets"]))}
    return sentence % reason


def in_english(reason: dict[str, Any]) -> str:
    """The English sentence, for the column `reason` and for terminals."""
    with translation.override("en"):
        return in_words(reason)


def _found(figures: dict[str, Any]) -> str:
    values = {
        "where": _(_WHERE[figures["key"]]),
        "right": grouped(figures["right"]),
        "wrong": grouped(figures["wrong"]),
    }
    if "allowed" in figures:
        words = _(
            "%(where)s (%(right)s newly right, %(wrong)s newly wrong:"
            " at most %(allowed)s more may be lost than won)"
        )
        return words % {**values, "allowed": figures["allowed"]}
    words = _("%(where)s (%(right)s newly right, %(wrong)s newly wrong; %(chance)s)")
    return words % {**values, "chance": p_in_words(figures["p"])}


def _and(parts: Iterable[str]) -> str:
    *others, last = parts
    return (
        _("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last}
        if others
        else last
    )


def _stored_before(verdict: Verdict) -> str:
    """The reason of a row stored before 1.0.0, computed from its figures.

    If the result differs from the stored sentence, the rule has changed since; the
    stored sentence is returned.
    """
    names = [field.name for field in fields(Count)]
    try:
        sets = verdict.figures["sets"]
        counts = [Count(**{name: one[name] for name in names}) for one in sets]
        findings = {one["key"]: one["finding"] for one in sets}
        reason = reason_for(counts, findings, verdict.figures["better_below"])
    except KeyError:
        return verdict.reason
    return in_words(reason) if in_english(reason) == verdict.reason else verdict.reason
