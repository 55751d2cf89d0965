"""What versions predict for stored drawings, as shown to staff."""

from collections import Counter, defaultdict
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.contract import NOT_A_DIGIT
from recognizer.admin.thumbnails import percent, thumbnail
from recognizer.language.formats import grouped
from recognizer.models import Drawing, ModelVersion
from recognizer.registry.gate_rule import BETTER_BELOW, FINDINGS, p_in_words
from recognizer.registry.replay import (
    ReplayedDrawing,
    ReplayError,
    Score,
    Tally,
    VersionPrediction,
    every_version,
    replay,
)

MOST_DRAWINGS = 1000
"""A request replays at most this many drawings, the newest: one to two seconds of a core."""

MOST_SHOWN = 60
"""At most this many pictures are shown for each kind of difference."""

KINDS = {
    "newly_right": (gettext_lazy("Newly right"), ""),
    "newly_wrong": (gettext_lazy("Newly wrong"), ""),
    "differs": (
        gettext_lazy("Other differences"),
        gettext_lazy("No approved label, or neither is right."),
    ),
}


def size(count: int) -> dict[str, str]:
    """How many drawings are selected, and the limit if not all of them are replayed."""
    most = grouped(MOST_DRAWINGS) if count > MOST_DRAWINGS else ""
    # An `AtLeast` formats itself, with a plus sign.
    return {"count": grouped(count) if type(count) is int else str(count), "most": most}


def context(
    drawings: QuerySet[Drawing], version: ModelVersion, against: ModelVersion | None
) -> dict[str, Any]:
    """What the page shows of a replay, or why there is none, in a constant number of queries."""
    try:
        rows = replay(drawings, version, against, newest=MOST_DRAWINGS)
    except ReplayError as error:
        return {"problem": str(error)}
    tally, kinds, shown = Tally(), Counter[str](), defaultdict[str, list[dict[str, Any]]](list)
    for row in rows:
        tally.add(row)
        kinds[row.change] += 1
        if row.change in KINDS and kinds[row.change] <= MOST_SHOWN:
            shown[row.change].append(_card(row))
    return {
        "replayed": grouped(tally.drawings),
        "same": grouped(tally.same),
        "different": grouped(tally.different),
        "alone": tally.alone,
        "version": version,
        "against": against,
        "scores": [
            _score(_("Labelled"), tally.labelled),
            *([_score(_unlearned(against), tally.unlearned)] if tally.learned else []),
        ],
        "better_below": BETTER_BELOW,
        "differences": [
            {
                "heading": heading,
                "note": note,
                "count": grouped(kinds[kind]),
                "more": kinds[kind] - len(shown[kind]),
                "cards": shown[kind],
            }
            for kind, (heading, note) in KINDS.items()
            if kinds[kind]
        ],
    }


def _unlearned(against: ModelVersion | None) -> str:
    return _("Used to train neither") if against else _("Not used for training")


def _score(name: str, score: Score) -> dict[str, Any]:
    return {
        "name": name,
        "empty": not score.labelled,
        "before": _share(score.before, score.compared),
        "after": _share(score.right, score.labelled),
        "newly_right": grouped(score.newly_right),
        "newly_wrong": grouped(score.newly_wrong),
        "p": p_in_words(score.count.chance),
        "finding": _(FINDINGS[score.finding]),
        "css": f"hw-found-{score.finding}",
    }


def _share(right: int, among: int) -> dict[str, str]:
    return {
        "of": _("%(part)s of %(all)s") % {"part": grouped(right), "all": grouped(among)},
        "percent": percent(right / among) if among else "-",
    }


def _card(row: ReplayedDrawing) -> dict[str, Any]:
    assert row.before is not None  # a difference has two sides
    return {
        "pk": row.drawing.pk,
        "picture": thumbnail(row.drawing),
        "label": row.label,
        "answers": [_line(row.before, row.label), _line(row.after, row.label)],
    }


def _line(prediction: VersionPrediction, label: str) -> dict[str, Any]:
    return {
        "version": prediction.version,
        "value": prediction.value,
        # The confidence belongs to the digit that was rejected: it would only confuse here.
        "percent": "" if prediction.value == NOT_A_DIGIT else percent(prediction.confidence, 0),
        "css": ("hw-found-better" if prediction.value == label else "hw-found-worse")
        if label
        else "",
    }


def by_every_version(drawing: Drawing) -> dict[str, Any]:
    """A row for each version, with its prediction for this drawing now."""
    results = every_version(drawing)
    return {
        "versions_say": [
            {
                "version": one.version,
                "read": one.prediction.value if one.prediction else "",
                "confidence": percent(one.prediction.confidence) if one.prediction else "-",
                "problem": one.problem,
            }
            for one in results
        ],
        "versions_unasked": ModelVersion.objects.count() - len(results),
    }
