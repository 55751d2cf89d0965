import csv
import uuid
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from recognizer.backing.whole_files import written_whole
from recognizer.models import Drawing, Label, ModelVersion
from recognizer.registry.gate_rule import FINDINGS, p_in_words
from recognizer.registry.replay import ReplayedDrawing, ReplayError, Score, Tally, replay

COLUMNS = [
    *("drawing", "drawn_at", "label", "learned", "change"),
    *("against", "against_read", "against_confidence", "version", "read", "confidence"),
]

_SAY_EVERY = 5000


class Command(BaseCommand):
    help = (
        "Read stored drawings again with a model version, and compare it with another version or"
        " with the original predictions. Nothing is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="the version's number")
        parser.add_argument(
            "--against",
            type=int,
            metavar="NUMBER",
            help="the version to compare with, instead of the original predictions",
        )
        parser.add_argument(
            "--label-state",
            choices=[*Label.State.values, "none"],
            help="only drawings with a label in this state; none: only those without a label",
        )
        parser.add_argument("--since", metavar="YYYY-MM-DD", help="only drawings from that day on")
        parser.add_argument(
            "--ids",
            nargs="+",
            metavar="ID",
            help="only these: whole ids, or the numbers in the admin's URLs",
        )
        parser.add_argument(
            "--csv",
            type=Path,
            metavar="FILE",
            help="write one row per drawing; overwritten if it exists",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        version = _version(options["number"])
        against = None if options["against"] is None else _version(options["against"])
        drawings = _chosen(options["label_state"], options["since"], options["ids"])
        if not drawings.exists():
            raise CommandError("No drawings match.")
        try:
            rows = self._with_progress(replay(drawings, version, against))
        except ReplayError as error:
            raise CommandError(str(error)) from None
        tally = _tally(rows, options["csv"])
        for line in in_words(tally, version, against):
            self.stdout.write(line)
        if options["csv"]:
            self.stdout.write(f"{options['csv']}: {tally.drawings:,} rows.")

    def _with_progress(self, rows: Iterable[ReplayedDrawing]) -> Iterator[ReplayedDrawing]:
        """Yield the same rows, and write a line with their number from time to time."""
        for count, row in enumerate(rows, start=1):
            yield row
            if count % _SAY_EVERY == 0:
                self.stdout.write(f"{count:,} drawings")


def _version(number: int) -> ModelVersion:
    try:
        return ModelVersion.objects.select_related("run").get(number=number)
    except (ModelVersion.DoesNotExist, OverflowError):
        raise CommandError(f"There is no version {number}.") from None


def _chosen(label_state: str | None, since: str | None, ids: list[str] | None) -> QuerySet[Drawing]:
    drawings = Drawing.objects.all()
    labels = Label.objects.filter(drawing=OuterRef("pk"))
    if label_state == "none":
        drawings = drawings.filter(~Exists(labels))
    elif label_state:
        drawings = drawings.filter(Exists(labels.filter(state=label_state)))
    if since:
        drawings = drawings.filter(created_at__gte=_midnight(since))
    if ids:
        drawings = drawings.filter(pk__in=[_drawing(text) for text in ids])
    return drawings


def _midnight(day: str) -> datetime:
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(day), time.min))
    except ValueError:
        raise CommandError(f"{day} is not a date like 2026-03-31.") from None


def _drawing(text: str) -> int:
    """The primary key of the drawing with this primary key or id."""
    try:
        named = Q(pk=int(text)) if len(text) < 19 else Q(public_id=uuid.UUID(text))
    except ValueError:
        raise CommandError(f"{text} is not the number or id of a drawing.") from None
    pk = Drawing.objects.filter(named).values_list("pk", flat=True).first()
    if pk is None:
        raise CommandError(f"There is no drawing {text}.")
    return pk


def _tally(rows: Iterable[ReplayedDrawing], path: Path | None) -> Tally:
    tally = Tally()
    if path is None:
        for row in rows:
            tally.add(row)
        return tally
    try:
        with written_whole(path) as unfinished, unfinished.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for row in rows:
                tally.add(row)
                writer.writerow(_columns(row))
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    return tally


def _columns(row: ReplayedDrawing) -> dict[str, Any]:
    before = row.before
    return {
        "drawing": row.drawing.public_id,
        "drawn_at": row.drawing.created_at.isoformat(),
        "label": row.label,
        "learned": "yes" if row.learned else "no",
        "change": row.change,
        "against": before.version if before else "",
        "against_read": before.value if before else "",
        "against_confidence": before.confidence if before else "",
        "version": row.after.version,
        "read": row.after.value,
        "confidence": row.after.confidence,
    }


def in_words(tally: Tally, version: ModelVersion, against: ModelVersion | None) -> Iterator[str]:
    """The result of a replay: a sentence, and a table of correct predictions."""
    other = f"version {against.number}" if against else "the original predictions"
    yield (
        f"{version} against {other}: {tally.drawings:,} drawings,"
        f" {tally.same:,} read the same, {tally.different:,} differently."
    )
    if tally.alone:
        has = "has" if tally.alone == 1 else "have"
        yield f"{tally.alone:,} {has} no original prediction."
    name = f"version {against.number}" if against else "originally"
    table = [
        ["right", name, f"version {version.number}", "newly right", "newly wrong", "p-value"],
        ["labelled", *_cells(tally.labelled)],
    ]
    if tally.learned:
        name = "used to train neither" if against else "not used for training"
        table.append([name, *_cells(tally.unlearned)])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _cells(score: Score) -> list[str]:
    return [
        _of(score.before, score.compared),
        _of(score.right, score.labelled),
        f"{score.newly_right:,}",
        f"{score.newly_wrong:,}",
        f"{p_in_words(score.count.chance)}: {FINDINGS[score.finding]}",
    ]


def _of(right: int, among: int) -> str:
    return f"{right:,} of {among:,} ({right / among:.1%})" if among else "none"
