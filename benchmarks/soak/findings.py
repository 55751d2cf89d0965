"""Evaluate a soak: were all saves stored, were all errors expected, how long did answers take?"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.soak.faults import Fault
from benchmarks.soak.traffic import Outcome, Save

READING = "predict"
"""Goes on whatever is killed, but for what a web process was just answering."""


@dataclass(frozen=True)
class Stored:
    """A drawing in the database: its public id, key, digest, and number of predictions."""

    drawing: str
    key: str | None
    digest: str
    readings: int


def check_saves(saves: Iterable[Save], stored: list[Stored], without_key: int) -> dict[str, int]:
    """Compare successful saves with the drawings in the database.

    Args:
        without_key: the number of drawings that were stored before, without a key.
    """
    saves = list(saves)
    by_key: dict[str | None, list[Stored]] = {}
    for one in stored:
        by_key.setdefault(one.key, []).append(one)
    acknowledged = [save for save in saves if save.drawing]
    sent = {save.key for save in saves if save.times}
    return {
        "saves": sum(bool(save.times) for save in saves),
        "acknowledged": len(acknowledged),
        "sent_again": sum(save.times > 1 for save in saves),
        "given_up": sum(bool(save.gave_up) for save in saves),
        "lost": sum(save.key not in by_key for save in acknowledged),
        "stored_twice": sum(len(rows) > 1 for key, rows in by_key.items() if key is not None),
        "altered": sum(
            (row.drawing, row.digest, row.readings) != (save.drawing, save.digest, 1)
            for save in acknowledged
            for row in by_key.get(save.key, [])
        ),
        "never_sent": sum(len(rows) for key, rows in by_key.items() if key and key not in sent)
        + abs(len(by_key.get(None, [])) - without_key),
        "stored_though_given_up": sum(
            save.key in by_key for save in saves if save.gave_up and not save.drawing
        ),
    }


def check_errors(outcomes: list[Outcome], faults: list[Fault]) -> dict[str, Any]:
    """Group errors by the part that was down, and find unexpected ones.

    Expected are a 503 with a reason and Retry-After while PostgreSQL is down, except for
    predictions, and a broken connection while a web process is down.
    """
    found: Counter[tuple[str, str, int, str]] = Counter()
    wrong: list[str] = []
    for one in (outcome for outcome in outcomes if not outcome.good):
        parts = {fault.part for fault in faults if fault.holds(one.sent_at, one.ended_at)}
        when = "+".join(sorted(parts)) or "calm"
        found[(when, one.kind, one.status, one.reason)] += 1
        told = one.status == 503 and one.reason and one.says_when
        in_order = (one.status == 0 and "web" in parts) or (
            told and "postgresql" in parts and one.kind != READING
        )
        if not in_order:
            wrong.append(f"{when}: {one.kind} {one.status} {one.reason}".strip())
    errors = [
        {"when": when, "what": kind, "status": status, "reason": reason, "count": count}
        for (when, kind, status, reason), count in sorted(found.items())
    ]
    return {
        "errors": errors,
        "requests": len(outcomes),
        "by_status": dict(sorted(Counter(str(one.status) for one in outcomes).items())),
        "out_of_order": len(wrong),
        "first_out_of_order": wrong[0] if wrong else "",
        "broken_connections": sum(one.status == 0 for one in outcomes),
        "failed_predictions": sum(not one.good for one in outcomes if one.kind == READING),
    }


def latencies(outcomes: list[Outcome], faults: list[Fault]) -> list[dict[str, Any]]:
    """Return p50 and p99 of good answers by kind, with all parts up and with one down.

    Times start when a request was due, so queueing counts. Retries are left out, since they
    waited on purpose.
    """
    rows = []
    parts = sorted({fault.part for fault in faults})
    first = [one for one in outcomes if one.good and not one.again]
    for kind in sorted({one.kind for one in first}):
        taken: dict[str, list[float]] = {name: [] for name in ("calm", *parts)}
        for one in (outcome for outcome in first if outcome.kind == kind):
            of = {fault.part for fault in faults if fault.holds(one.sent_at, one.ended_at)}
            for name in of or {"calm"}:
                taken[name].append(one.milliseconds)
        rows += [
            {"what": kind, "when": when, "answers": len(ms), **_percentiles(ms)}
            for when, ms in taken.items()
            if ms
        ]
    return rows


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}
