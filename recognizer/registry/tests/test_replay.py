"""A replay predicts stored drawings with any version, and stores nothing."""

import csv
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ml.contract import NOT_A_DIGIT
from recognizer.drawings import recognition
from recognizer.models import Drawing, ModelVersion, Prediction
from recognizer.registry import replay
from recognizer.registry.replay import (
    ReplayedDrawing,
    ReplayError,
    Tally,
    VersionPrediction,
    every_version,
)
from recognizer.tests.candidates import (
    approved_seven,
    lose_the_file,
    reads_well,
    takes_sevens_for_ones,
)
from recognizer.tests.factories import (
    ONE,
    SLIP,
    make_drawing,
    make_ink,
    make_label,
    make_prediction,
    make_run,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def read(
    version: ModelVersion, against: ModelVersion | None = None, **how: Any
) -> list[ReplayedDrawing]:
    return list(replay.replay(Drawing.objects.all(), version, against, **how))


def tallied(rows: list[ReplayedDrawing]) -> Tally:
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally


def command(*arguments: str) -> str:
    """The command's output, with runs of spaces collapsed."""
    call_command("replay", *arguments, stdout=(out := StringIO()))
    return re.sub(r"[ ]+", " ", out.getvalue())


def test_the_version_that_answered_says_the_same_again(shipped_model: ModelVersion) -> None:
    for strokes in (ONE, None):
        ink = make_ink(strokes) if strokes else make_ink()
        recognition.save(ink, recognition.recognise(ink), user=make_user(), visitor=None)
    for row in read(shipped_model):
        assert row.before is not None
        assert (row.change, row.after.version) == ("same", shipped_model.number)
        assert row.after.value == row.before.value
        assert row.after.confidence == pytest.approx(row.before.confidence, abs=1e-5)


def test_a_replay_stores_nothing() -> None:
    approved_seven(read="1", version=(old := takes_sevens_for_ones()))
    stored = list(Prediction.objects.values())
    read(reads_well(), old)
    read(reads_well())
    every_version(Drawing.objects.get())
    assert list(Prediction.objects.values()) == stored


def test_two_versions_are_compared_on_the_same_drawings() -> None:
    old, new = takes_sevens_for_ones(), reads_well()
    seven = approved_seven()
    called_a_one = make_drawing()
    make_label(called_a_one, "1", state="approved")
    make_label(called_a_three := make_drawing(), "3", state="approved")
    make_label(unlabelled := make_drawing(), "7", state="suggested")
    rows = read(new, old)
    assert {row.drawing: row.change for row in rows} == {
        seven: "newly_right",
        called_a_one: "newly_wrong",
        called_a_three: "differs",
        unlabelled: "differs",
    }
    assert {(row.before.value, row.after.value) for row in rows if row.before} == {("1", "7")}
    score = tallied(rows).labelled
    assert (score.labelled, score.before, score.after) == (3, 1, 1)
    assert (score.newly_right, score.newly_wrong, score.finding) == (1, 1, "same")


def test_so_many_newly_right_are_more_than_noise() -> None:
    old, new = takes_sevens_for_ones(), reads_well()
    for _ in range(5):
        approved_seven()
    score = tallied(read(new, old)).labelled
    assert (score.newly_right, score.count.chance, score.finding) == (5, 1 / 32, "better")
    assert tallied(read(old, new)).labelled.finding == "worse"


def test_alone_a_version_is_compared_with_what_was_answered_at_the_time() -> None:
    old, new = takes_sevens_for_ones(), reads_well()
    drawing = make_drawing(read="1", confidence=0.7, version=old)
    make_prediction(drawing, "3", version=new, served=False)
    (row,) = read(new)
    assert row.before == VersionPrediction("1", 0.7, old.number)
    assert (row.after.value, row.change) == ("7", "differs")


def test_what_no_version_was_asked_about_has_no_answer_of_the_time() -> None:
    new = reads_well()
    make_drawing(read=None)
    make_prediction(make_drawing(SLIP, read=None), "", rejected="too_small")
    refused = make_drawing(read="")
    rows = read(new)
    assert {row.drawing for row in rows if row.before} == {refused}
    tally = tallied(rows)
    assert (tally.drawings, tally.alone, tally.different) == (3, 2, 1)


def test_a_version_alone_is_right_also_where_nothing_was_answered() -> None:
    approved_seven(read=None)  # type: ignore[arg-type]
    score = tallied(read(reads_well())).labelled
    assert (score.labelled, score.right, score.compared, score.finding) == (1, 1, 0, "empty")


def test_a_refused_drawing_is_read_as_not_a_digit() -> None:
    make_drawing()
    (row,) = read(reads_well(reject_above=-1.0))
    assert row.after.value == NOT_A_DIGIT


def test_drawings_that_one_of_the_versions_learned_from_are_told_apart() -> None:
    old, new = takes_sevens_for_ones(), reads_well()
    of_the_parent, of_its_own, of_the_other, unseen = (approved_seven() for _ in range(4))
    parent = reads_well(run=make_run([of_the_parent]))
    new = reads_well(run=make_run([of_its_own], base_version=parent))
    old = takes_sevens_for_ones(run=make_run([of_the_other]))
    make_run([unseen])
    rows = read(new, old)
    assert {row.drawing for row in rows if row.learned} == {
        of_the_parent,
        of_its_own,
        of_the_other,
    }
    tally = tallied(rows)
    assert (tally.labelled.newly_right, tally.unlearned.newly_right) == (4, 1)


def test_many_drawings_are_read_in_batches_with_as_many_queries_as_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "_BATCH", 3)
    new, old = reads_well(), takes_sevens_for_ones()

    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            return len(read(new, old)), len(captured)

    approved_seven()
    for_one = queries()
    drawings = [approved_seven() for _ in range(7)]
    assert queries() == (8, for_one[1])
    assert {row.drawing for row in read(new, newest=7)} == set(drawings)


@pytest.mark.parametrize("damage", ["missing", "wrong SHA-256", "cannot be loaded"])
def test_a_version_that_cannot_be_loaded_says_which_and_why(damage: str) -> None:
    make_drawing()
    good, bad = reads_well(), reads_well()
    match damage:
        case "missing":
            lose_the_file(bad)
        case "wrong SHA-256":
            ModelVersion.objects.filter(pk=bad.pk).update(sha256="0" * 64)
            bad.refresh_from_db()
        case _:
            bad = make_version()
    for pair in ((bad, None), (bad, good), (good, bad)):
        with pytest.raises(ReplayError, match=rf"{bad} cannot be loaded: .*{damage}"):
            replay.replay(Drawing.objects.all(), *pair)
    asked = {one.version: one for one in every_version(Drawing.objects.get())}
    assert asked[good].prediction is not None
    assert (asked[bad].prediction, damage in asked[bad].problem) == (None, True)


def test_every_version_predicts_a_drawing_the_newest_first() -> None:
    drawing = make_drawing(read=None)
    old, new = takes_sevens_for_ones(run=None), reads_well(run=None)
    predicted = [
        (one.version, one.prediction and one.prediction.value) for one in every_version(drawing)
    ]
    assert predicted == [(new, "7"), (old, "1")]


def test_of_many_versions_the_newest_and_the_active_one_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "MOST_VERSIONS", 2)
    active, _, newest = make_version(1, state="active"), make_version(2), make_version(3)
    drawing = make_drawing(read=None)
    assert [one.version for one in every_version(drawing)] == [newest, active]


def test_the_command_prints_what_two_versions_read() -> None:
    takes_sevens_for_ones(number=1, run=None)
    reads_well(number=3, run=None)
    for _ in range(5):
        approved_seven()
    make_drawing(ONE)
    printed = command("3", "--against", "1")
    assert "Version 3 against version 1: 6 drawings, 0 read the same, 6 differently.\n" in printed
    assert "right version 1 version 3 newly right newly wrong p-value\n" in printed
    assert "labelled 0 of 5 (0.0%) 5 of 5 (100.0%) 5 0 p = 0.031: better\n" in printed


def test_the_command_compares_one_version_with_what_was_answered() -> None:
    reads_well(number=3, run=None)
    approved_seven(read="1")
    approved_seven(read=None)  # type: ignore[arg-type]
    printed = command("3")
    assert (
        "Version 3 against the original predictions: 2 drawings, 0 read the same, 1 differ"
        in printed
    )
    assert "1 has no original prediction.\n" in printed
    assert "right originally version 3 newly right" in printed
    assert "labelled 0 of 1 (0.0%) 2 of 2 (100.0%) 1 0 p = 0.5: no diff" in printed


def test_the_command_takes_some_of_the_drawings(tmp_path: Path) -> None:
    reads_well(number=3, run=None)
    approved, unlabelled = approved_seven(), make_drawing()
    make_label(suggested := make_drawing(), "7")
    make_label(suggested, "1")
    make_label(refused := make_drawing(), "7", state="refused")
    today, path = timezone.localdate(), tmp_path / "rows.csv"
    Drawing.objects.filter(pk=approved.pk).update(created_at=timezone.now() - timedelta(days=9))

    def taken(*arguments: str) -> list[str]:
        command("3", *arguments, "--csv", str(path))
        return sorted(row["drawing"] for row in csv.DictReader(path.open()))

    def ids(*drawings: Drawing) -> list[str]:
        return sorted(str(drawing.public_id) for drawing in drawings)

    assert taken() == ids(approved, unlabelled, suggested, refused)
    assert taken("--label-state", "approved") == ids(approved)
    assert taken("--label-state", "suggested") == ids(suggested)
    assert taken("--label-state", "none") == ids(unlabelled)
    assert taken("--since", str(today - timedelta(days=8))) == ids(unlabelled, suggested, refused)
    chosen = ["--ids", str(approved.pk), str(refused.public_id)]
    assert taken(*chosen) == ids(approved, refused)
    assert taken(*chosen, "--label-state", "refused") == ids(refused)


def test_the_command_writes_a_row_for_each_drawing(tmp_path: Path) -> None:
    old = takes_sevens_for_ones(number=1, run=None)
    reads_well(number=3, run=make_run([drawing := approved_seven(read="", version=old)]))
    path = tmp_path / "rows.csv"
    command("3", "--against", "1", "--csv", str(path))
    (row,) = csv.DictReader(path.open())
    confidence = float(row.pop("confidence"))
    assert confidence > 0.5
    assert float(row.pop("against_confidence")) == confidence
    assert row == {
        "drawing": str(drawing.public_id),
        "drawn_at": drawing.created_at.isoformat(),
        "label": "7",
        "learned": "yes",
        "change": "newly_right",
        "against": "1",
        "against_read": "1",
        "version": "3",
        "read": "7",
    }
    command("3", "--csv", str(path))
    (row,) = csv.DictReader(path.open())
    assert (row["against"], row["against_read"]) == ("1", NOT_A_DIGIT)
    assert [file.name for file in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["9"], "There is no version 9."),
        (["3", "--against", "9"], "There is no version 9."),
        (["3", "--against", "3"], "Version 3 cannot be compared with itself."),
        (["4"], "Version 4 cannot be loaded: The artifact of version 4 is missing: models/00004/"),
        (["3", "--label-state", "approved"], "No drawings match."),
        (["3", "--since", "yesterday"], "yesterday is not a date"),
        (["3", "--since", "2026-02-30"], "2026-02-30 is not a date"),
        (["3", "--ids", "12345678"], "There is no drawing 12345678."),
        (["3", "--ids", "9" * 18], f"There is no drawing {'9' * 18}."),
        (["3", "--ids", "x"], "x is not the number or id of a drawing."),
        (["3", "--csv", "/nowhere/rows.csv"], "/nowhere/rows.csv cannot be written: No such file"),
    ],
)
def test_the_command_says_what_it_cannot_do(arguments: list[str], complaint: str) -> None:
    reads_well(number=3, run=None)
    lose_the_file(reads_well(number=4, run=None))
    make_drawing()
    with pytest.raises(CommandError, match=re.escape(complaint)):
        command(*arguments)


def test_a_file_that_was_there_stays_where_the_replay_fails(tmp_path: Path) -> None:
    make_version(3)
    make_drawing()
    path = tmp_path / "rows.csv"
    path.write_text("as before")
    with pytest.raises(CommandError):
        command("3", "--csv", str(path))
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [
        ("rows.csv", "as before")
    ]
