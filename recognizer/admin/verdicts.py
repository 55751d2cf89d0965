"""A verdict as shown to staff: what was compared, the result, and which drawings changed."""

from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer.admin.thumbnails import thumbnail
from recognizer.language.formats import grouped
from recognizer.models import ModelVersion, Verdict, VerdictDrawing
from recognizer.registry import promotion
from recognizer.registry.gate_rule import FINDINGS, NAMES, p_in_words

EARLIER_SHOWN = 10

GROUPS = {
    "learned_from": gettext_lazy("it was trained on"),
    "held_out": gettext_lazy("in the test set"),
}


def context(version: ModelVersion, active: ModelVersion | None) -> dict[str, Any]:
    """What a version's page shows of its verdicts, in a constant number of queries."""
    verdicts = list(version.verdicts.select_related("opponent")[: EARLIER_SHOWN + 1])
    newest = verdicts[0] if verdicts else None
    return {
        "verdict": newest,
        "verdict_rows": rows(newest) if newest else [],
        "verdict_changes": changes(newest) if newest else [],
        "earlier_verdicts": verdicts[1:],
        "objection": "" if version == active else promotion.why_not(version, active),
    }


def rows(verdict: Verdict) -> list[dict[str, Any]]:
    """A row for each image set."""
    return [
        {
            "name": _(NAMES[figures["key"]]),
            "finding": _(FINDINGS[figures["finding"]]),
            "css": f"hw-found-{figures['finding']}",
            "empty": figures["finding"] == "empty",
            "before": grouped(figures["before"]),
            "after": grouped(figures["after"]),
            "samples": grouped(figures["samples"]),
            "newly_right": grouped(figures["newly_right"]),
            "newly_wrong": grouped(figures["newly_wrong"]),
            "p": p_in_words(figures["p"]),
            "notes": _notes(figures),
        }
        for figures in verdict.figures["sets"]
    ]


def _notes(figures: dict[str, Any]) -> list[str]:
    """Notes that help to interpret the numbers."""
    notes = []
    if figures["available"] > figures["samples"]:
        notes.append(
            _("The newest %(shown)s of %(all)s.")
            % {"shown": grouped(figures["samples"]), "all": grouped(figures["available"])}
        )
    if figures["key"] == "corrections":
        notes += [
            _("%(count)s %(kind)s: %(right)s newly right, %(wrong)s newly wrong.")
            % {
                "count": grouped(group["samples"]),
                "kind": GROUPS[name],
                "right": grouped(group["newly_right"]),
                "wrong": grouped(group["newly_wrong"]),
            }
            for name, group in figures["groups"].items()
            if group["samples"]
        ]
    return notes


def changes(verdict: Verdict) -> list[dict[str, Any]]:
    """The newly right and the newly wrong drawings, each with its picture."""
    found = (
        verdict.changes.select_related("drawing")
        .defer("drawing__ink", "drawing__picture")
        .order_by("pk")
    )
    return [
        _changes(_("Newly right"), found.filter(newly_right=True)),
        _changes(_("Newly wrong"), found.filter(newly_right=False)),
    ]


def _changes(heading: str, found: QuerySet[VerdictDrawing]) -> dict[str, Any]:
    pictures: list[tuple[VerdictDrawing, SafeString]] = [
        (change, thumbnail(change.drawing)) for change in found
    ]
    return {"heading": heading, "drawings": pictures}
