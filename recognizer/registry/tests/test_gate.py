"""The gate compares candidates with the active version."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ml import pretrained
from ml.contract import NOT_A_DIGIT
from ml.reading.inference import load_trained
from recognizer.models import Drawing, Label, ModelVersion, Promotion, Verdict
from recognizer.registry import active_model, evaluation_sets, gate, promotion
from recognizer.tests.candidates import approved_seven, reads_well, takes_sevens_for_ones
from recognizer.tests.factories import make_drawing, make_label, make_prediction, make_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_mnist_images")]

ACTIVE = ModelVersion.State.ACTIVE


def figures(verdict: Verdict, key: str) -> dict[str, Any]:
    return next(row for row in verdict.figures["sets"] if row["key"] == key)


def numbers(row: dict[str, Any]) -> tuple[int, ...]:
    names = ("samples", "before", "after", "newly_right", "newly_wrong")
    return tuple(row[name] for name in names)


def test_a_candidate_that_reads_more_of_the_drawn_test_set_passes() -> None:
    opponent = takes_sevens_for_ones(state=ACTIVE)
    sevens = [approved_seven(held_out=True) for _ in range(7)]
    approved_seven()
    verdict = gate.evaluate(candidate := reads_well())
    assert (verdict.passed, verdict.opponent) == (True, opponent)
    assert numbers(figures(verdict, "mnist_test")) == (40, 40, 40, 0, 0)
    assert numbers(figures(verdict, "drawn_test")) == (7, 0, 7, 7, 0)
    assert figures(verdict, "drawn_test")["p"] == 1 / 128
    assert figures(verdict, "corrections")["finding"] == "empty"
    assert {change.drawing for change in verdict.changes.all()} == set(sevens)
    assert set(verdict.changes.values_list("value", "before", "after", "newly_right")) == {
        ("7", "1", "7", True)
    }
    candidate.refresh_from_db()
    assert candidate.state == "candidate"


def test_a_candidate_that_reads_fewer_is_refused_with_the_reason() -> None:
    reads_well(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    verdict = gate.evaluate(candidate := takes_sevens_for_ones())
    assert numbers(figures(verdict, "drawn_test")) == (7, 7, 0, 0, 7)
    assert "Worse on the drawn test set (0 newly right, 7 newly wrong" in verdict.reason
    candidate.refresh_from_db()
    assert candidate.state == "refused"
    assert set(verdict.changes.values_list("newly_right", flat=True)) == {False}


def test_a_refused_candidate_that_passes_later_is_a_candidate_again() -> None:
    opponent = reads_well(state=ACTIVE)
    candidate = reads_well()
    assert not gate.evaluate(candidate).passed
    assert candidate.state == "refused"
    ModelVersion.objects.filter(pk=opponent.pk).update(state="retired")
    takes_sevens_for_ones(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    assert gate.evaluate(candidate).passed
    candidate.refresh_from_db()
    assert candidate.state == "candidate"


def test_past_corrections_are_told_apart_by_whether_it_has_learned_from_them() -> None:
    opponent = takes_sevens_for_ones(state=ACTIVE)
    learned = [approved_seven(read="1") for _ in range(3)]
    approved_seven(read="1", held_out=True)
    approved_seven(read="1")
    approved_seven(read="7")
    grandparent = make_run(learned[:1], base_version=opponent)
    parent = reads_well(run=grandparent)
    candidate = reads_well(run=make_run(learned[1:], base_version=parent))
    corrections = figures(gate.evaluate(candidate), "corrections")
    assert numbers(corrections) == (5, 0, 5, 5, 0)
    assert numbers(corrections["groups"]["learned_from"]) == (3, 0, 3, 3, 0)
    assert numbers(corrections["groups"]["held_out"]) == (1, 0, 1, 1, 0)


def test_a_correction_differs_from_the_first_prediction() -> None:
    misread = approved_seven(read="1")
    make_prediction(misread, "7", served=False)
    refused = approved_seven(read="")
    approved_seven(read="7")
    approved_seven(read=None)  # type: ignore[arg-type]
    make_label(make_drawing(read=""), NOT_A_DIGIT, state="approved")
    make_label(make_drawing(read="7"), "1", state="suggested")
    later = make_drawing(read="7")
    make_prediction(later, "1", served=False)
    make_label(later, "7", state="approved")
    found = Label.objects.approved().corrections()
    assert {label.drawing for label in found} == {misread, refused}


def test_only_the_newest_are_compared_where_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluation_sets, "MOST_DRAWINGS", 2)
    drawings = [approved_seven(held_out=True) for _ in range(3)]
    _, drawn, _ = evaluation_sets.collect(["7"], None)
    assert set(drawn.drawings.tolist()) == {drawing.pk for drawing in drawings[1:]}
    assert (len(drawn.labels), drawn.available) == (2, 3)


def test_so_many_changed_drawings_are_kept_but_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "MOST_CHANGES", 2)
    takes_sevens_for_ones(state=ACTIVE)
    drawings = [approved_seven(read="1", held_out=True) for _ in range(3)]
    verdict = gate.evaluate(reads_well())
    assert figures(verdict, "drawn_test")["newly_right"] == 3
    assert {row.drawing for row in verdict.changes.all()} == set(drawings[1:])


def test_a_drawing_deleted_while_both_read_is_left_out() -> None:
    takes_sevens_for_ones(state=ACTIVE)
    gone, stays = approved_seven(held_out=True), approved_seven(held_out=True)
    candidate = reads_well()
    comparison = gate.compare(active_model.load(candidate).classifier, candidate.run)
    gone.delete()
    verdict = gate.record(candidate, comparison)
    assert [row.drawing for row in verdict.changes.all()] == [stays]


def test_the_active_version_is_not_compared_with_itself() -> None:
    with pytest.raises(gate.GateError, match="nothing to compare"):
        gate.evaluate(reads_well(state=ACTIVE))
    assert not Verdict.objects.exists()


def test_without_an_active_version_there_is_no_verdict() -> None:
    with pytest.raises(gate.GateError, match="No version is active"):
        gate.evaluate(reads_well())


def test_a_version_that_has_not_passed_is_promoted_only_with_a_written_reason() -> None:
    opponent = reads_well(state=ACTIVE)
    candidate = reads_well()
    with pytest.raises(promotion.NotPassedError, match="has not been compared"):
        promotion.promote(candidate, by=None, reason="I like it.")
    gate.evaluate(candidate)
    for reason in ("", "  "):
        with pytest.raises(promotion.NotPassedError, match="not better"):
            promotion.promote(candidate, by=None, reason=reason, override=True)
    assert ModelVersion.objects.active() == opponent
    kept = promotion.promote(candidate, by=None, reason="Reads my ones.", override=True)
    assert (kept.override, kept.reason) == (True, "Reads my ones.")
    assert ModelVersion.objects.active() == candidate


def test_a_version_that_has_passed_needs_no_reason_and_is_no_override() -> None:
    takes_sevens_for_ones(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    gate.evaluate(candidate := reads_well())
    assert not promotion.promote(candidate, by=None, override=True).override


def test_a_verdict_counts_only_against_the_version_that_is_active_now() -> None:
    opponent = takes_sevens_for_ones(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    first, second = reads_well(), reads_well()
    gate.evaluate(first)
    gate.evaluate(second)
    promotion.promote(first, by=None)
    with pytest.raises(promotion.NotPassedError, match=f"not been compared with {first}"):
        promotion.promote(second, by=None)
    ModelVersion.objects.filter(pk=first.pk).update(state="retired")
    ModelVersion.objects.filter(pk=opponent.pk).update(state=ACTIVE)
    promotion.promote(second, by=None)


def test_the_newest_verdict_counts() -> None:
    takes_sevens_for_ones(state=ACTIVE)
    candidate = reads_well()
    sevens = [approved_seven(held_out=True) for _ in range(7)]
    gate.evaluate(candidate)
    Drawing.objects.filter(pk__in=[seven.pk for seven in sevens]).delete()
    assert not gate.evaluate(candidate).passed
    with pytest.raises(promotion.NotPassedError):
        promotion.promote(candidate, by=None)


def test_rolling_back_and_the_shipped_model_need_no_verdict(shipped_model: ModelVersion) -> None:
    promotion.promote(reads_well(), by=None, reason="To try it.", override=True)
    assert promotion.roll_back(by=None) == shipped_model
    promotion.promote(promotion.register(pretrained.FOLDER, run=None), by=None)
    assert [row.override for row in Promotion.objects.order_by("pk")] == [False, True, False, False]


@pytest.mark.parametrize("name", ["evaluate", "judge"])
def test_the_command_tells_the_verdict_in_words(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    takes_sevens_for_ones(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    call_command(name, str(reads_well().number))
    printed = capsys.readouterr().out
    assert "drawn test set: 0 -> 7 of 7 right; 7 newly right, 0 newly wrong; p = 0.0078" in printed
    assert "passed" in printed


def test_the_command_promotes_over_a_verdict_only_with_a_reason() -> None:
    reads_well(state=ACTIVE)
    number = str(reads_well().number)
    for options in ([], ["--reason", "Why not"], ["--override"]):
        with pytest.raises(CommandError, match="add --override and --reason"):
            call_command("promote", number, *options)
    call_command("promote", number, "--override", "--reason", "It reads my ones.")
    assert Promotion.objects.get().override


def test_commands_say_so_where_there_is_no_such_version() -> None:
    with pytest.raises(CommandError, match="no version 77"):
        call_command("evaluate", "77")


def test_a_candidate_with_a_damaged_file_cannot_be_evaluated() -> None:
    takes_sevens_for_ones(state=ACTIVE)
    candidate = reads_well()
    Path(candidate.artifact.path).write_bytes(b"damaged")
    with pytest.raises(gate.GateError, match="wrong SHA-256"):
        gate.evaluate(candidate)


def test_what_a_training_left_is_loaded_as_it_will_be_registered(tmp_path: Path) -> None:
    folder = shutil.copytree(pretrained.FOLDER, tmp_path / "result")
    classifier = load_trained(folder / pretrained.ARTIFACT.name)
    assert list(classifier.classes) == pretrained.result()["plan"]["classes"]
