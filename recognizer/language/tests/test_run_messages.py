"""What a worker has stored in English is read in the person's language."""

import ast
import re
from typing import Any

import pytest
from django.utils import translation

from ml.evaluation.paired_test import chance_of_so_many
from recognizer.language import run_messages
from recognizer.models import Verdict
from recognizer.registry import gate_rule
from recognizer.registry.gate_rule import CORRECTIONS, DRAWN, MNIST, Count, decide
from recognizer.tests.factories import make_run, make_version
from recognizer.tests.texts import ROOT

RUNS = "/admin/recognizer/trainingrun/"
GERMAN = {"Accept-Language": "de"}


def stages_in(path: Any) -> set[str]:
    """What this file gives as a stage, with %(name)s for what is put into it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        given: list[Any] = []
        if isinstance(node, ast.keyword) and node.arg == "stage":
            given = [node.value]
        elif isinstance(node, ast.Dict):
            given = [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "stage"
            ]
        found |= {ast.unparse(value) for value in given if not isinstance(value, ast.Name)}
    return found


def test_every_stage_that_a_run_goes_through_is_told_in_the_persons_language():
    files = [ROOT / "ml" / "commands.py", *(ROOT / "recognizer").glob("*/*.py")]
    given = set().union(*(stages_in(path) for path in files))
    texts = {ast.literal_eval(one) for one in given if one.startswith("'")} - {""}
    assert len(texts) > 8
    assert texts <= run_messages.STAGES
    others = {one for one in given if not one.startswith("'")}
    assert all("run_messages." in one or one.startswith(("f'keeping ", "made %")) for one in others)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("training", "trainiert"),
        ("keeping 40% of the change, not to forget", "behält 40% der Änderung, um nicht"),
        ("made version 12, not judged", "hat Version 12 gemacht, nicht beurteilt"),
        (
            "The training could not be prepared: disk full\n(2)",
            "vorbereitet werden: disk full\n(2)",
        ),
        (
            "The training process ended with code 1: it gave no reason",
            "Der Trainingsprozess endete mit Code 1: Er nannte keinen Grund.",
        ),
        ("ValueError('what nobody expected')", "ValueError('what nobody expected')"),
        ("", ""),
    ],
)
def test_a_stage_or_error_is_told_in_german(stored, shown):
    assert run_messages.in_words(stored) == stored
    with translation.override("de"):
        assert shown in run_messages.in_words(stored)


@pytest.mark.django_db
def test_page_list_and_api_of_a_run_speak_the_persons_language(admin_client):
    failed = "Its worker died 3 times; see the worker's log."
    run = make_run(state="failed", stage="judging", error=failed)
    html = admin_client.get(f"{RUNS}{run.pk}/change/", headers=GERMAN).content.decode()
    listed = admin_client.get(RUNS, headers=GERMAN).content.decode()
    url = f"/api/v1/training-runs/{run.pk}/"
    told = admin_client.get(url, headers=GERMAN).json()
    assert told["stage"] in html
    assert told["stage"] in listed
    assert told["error"] in html
    assert told["error"].startswith("Sein Worker starb 3-mal")
    assert "Its worker died" not in html
    english = admin_client.get(url).json()
    assert (english["stage"], english["error"]) == ("judging", failed)


def verdict_of(*counts: Count, **changes: Any) -> Verdict:
    decision = decide(list(counts))
    sets = [
        {**vars(one), "p": one.chance, "finding": decision.findings[one.key], "available": 0}
        for one in counts
    ]
    figures = {"better_below": decision.better_below, "sets": sets}
    return Verdict(reason=decision.reason, figures=figures | changes)


LOST = Count(MNIST, 10_000, 9_950, 9_944, 15, 21)
WON = Count(CORRECTIONS, 2_000, 100, 1_400, 1_300, 0)
FEW = Count(DRAWN, 30, 20, 24, 5, 1)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([LOST], "Schlechter: MNIST-Test (15 neu richtig, 21 neu falsch: höchstens 5 mehr"),
        ([WON], "Besser: frühere Korrekturen (1.300 neu richtig, 0 neu falsch; p < 0,001);"),
        ([FEW], "Nicht schlechter, aber über das Rauschen hinaus"),
    ],
)
def test_a_verdicts_reason_is_told_in_german_from_its_figures(counts, shown):
    verdict = verdict_of(*counts)
    words = gate_rule.reason_in_words
    assert words(verdict.reason, verdict.figures) == verdict.reason
    with translation.override("de"):
        assert verdict_of(*counts).reason == verdict.reason
        assert words(verdict.reason, verdict.figures).startswith(shown)


def test_a_verdict_by_another_rule_keeps_the_words_it_was_given(monkeypatch):
    verdict = verdict_of(LOST)
    monkeypatch.setattr(gate_rule, "MOST_LOST", 4)
    with translation.override("de"):
        assert gate_rule.reason_in_words(verdict.reason, verdict.figures) == verdict.reason
        assert gate_rule.reason_in_words("As it was.", {}) == "As it was."
    assert chance_of_so_many(21, 15) > gate_rule.WORSE_BELOW


@pytest.mark.django_db
def test_the_page_of_a_version_gives_the_reason_in_german(admin_client):
    verdict = verdict_of(LOST, worse_below=0.05, mnist_most_lost=5)
    verdict.candidate, verdict.opponent = make_version(run=make_run()), make_version()
    verdict.outcome = "refused"
    verdict.figures["sets"][0]["groups"] = {}
    verdict.save()
    url = f"/admin/recognizer/modelversion/{verdict.candidate.pk}/change/"
    html = admin_client.get(url, headers=GERMAN).content.decode()
    assert "Schlechter: MNIST-Test (15 neu richtig" in html
    assert re.search("Worse on|newly right", html) is None
