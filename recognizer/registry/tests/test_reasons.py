"""Reasons of verdicts and promotions are stored as codes and shown in the reader's language."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from ml.evaluation.paired_test import chance_of_so_many
from recognizer.language.stored_messages import message
from recognizer.models import Promotion, Verdict
from recognizer.registry import gate_rule, promotion, reasons
from recognizer.registry.gate_rule import CORRECTIONS, DRAWN, MNIST, Count, decide
from recognizer.tests.factories import make_run, make_version

GERMAN = {"Accept-Language": "de"}

LOST = Count(MNIST, 10_000, 9_950, 9_944, 15, 21)
WORSE = Count(DRAWN, 50, 40, 32, 1, 9)
WON = Count(CORRECTIONS, 2_000, 100, 1_400, 1_300, 0)
FEW = Count(DRAWN, 30, 20, 24, 5, 1)


def verdict_of(*counts: Count) -> Verdict:
    decision = decide(list(counts))
    sets = [
        {**vars(one), "p": one.chance, "finding": decision.findings[one.key], "available": 0}
        for one in counts
    ]
    figures = {"better_below": decision.better_below, "sets": sets, "reason": decision.reason}
    return Verdict(reason=reasons.in_english(decision.reason), figures=figures)


def stored_before(*counts: Count) -> Verdict:
    """A verdict as releases before 1.0.0 stored it, without a code."""
    verdict = verdict_of(*counts)
    del verdict.figures["reason"]
    return verdict


CASES = [
    (
        [LOST, WORSE],
        "Schlechter: MNIST-Test (15 neu richtig, 21 neu falsch: höchstens 5 mehr dürfen verloren"
        " als gewonnen gehen) und gezeichneter Testdatensatz"
        " (1 neu richtig, 9 neu falsch; p = 0,011).",
    ),
    ([WON], "Besser: frühere Korrekturen (1.300 neu richtig, 0 neu falsch; p < 0,001);"),
    ([FEW], "Nicht schlechter, aber über das Rauschen hinaus"),
]


@pytest.mark.parametrize("stored", [verdict_of, stored_before])
@pytest.mark.parametrize(("counts", "shown"), CASES)
def test_a_verdicts_reason_is_rendered_in_both_languages(
    stored: Callable[..., Verdict], counts: list[Count], shown: str
) -> None:
    verdict = stored(*counts)
    assert reasons.of_verdict(verdict) == verdict.reason
    with translation.override("de"):
        assert stored(*counts).reason == verdict.reason
        assert reasons.of_verdict(verdict).startswith(shown)


def test_every_code_of_a_verdict_has_a_case() -> None:
    codes = {decide(counts).reason["code"] for counts, _ in CASES}
    assert codes == reasons.VERDICTS.keys()


def test_a_verdict_keeps_its_figures_when_the_rule_changes(monkeypatch: Any) -> None:
    new, old = verdict_of(LOST), stored_before(LOST)
    monkeypatch.setattr(gate_rule, "MOST_LOST", 4)
    assert chance_of_so_many(21, 15) > gate_rule.WORSE_BELOW
    with translation.override("de"):
        assert "höchstens 5 mehr" in reasons.of_verdict(new)
        assert reasons.of_verdict(old) == old.reason


def test_the_english_sentence_of_a_new_verdict_is_not_compared() -> None:
    verdict = verdict_of(WON)
    verdict.reason = "Other words."
    with translation.override("de"):
        assert reasons.of_verdict(verdict).startswith("Besser")


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"reason": {"code": "of_a_later_release"}},
        {"reason": {"code": "worse"}},
        {"reason": {"code": "worse", "sets": []}},
        {"reason": {"code": "better", "sets": [{"key": "letters"}]}},
        {"reason": {"code": "not_better"}},
        {"reason": None},
    ],
)
def test_a_reason_with_an_unknown_code_is_shown_as_its_column_has_it(figures: Any) -> None:
    with translation.override("de"):
        assert reasons.of_verdict(Verdict(reason="As it was.", figures=figures)) == "As it was."


@pytest.mark.django_db
def test_the_page_of_a_version_gives_the_reason_in_german(admin_client: Any) -> None:
    verdict = verdict_of(LOST)
    verdict.figures |= {"worse_below": 0.05, "mnist_most_lost": 5}
    verdict.candidate, verdict.opponent = make_version(run=make_run()), make_version()
    verdict.outcome = "refused"
    verdict.figures["sets"][0]["groups"] = {}
    verdict.save()
    url = f"/admin/recognizer/modelversion/{verdict.candidate.pk}/change/"
    html = admin_client.get(url, headers=GERMAN).content.decode()
    assert "Schlechter: MNIST-Test (15 neu richtig" in html
    assert re.search("Worse on|newly right", html) is None


@pytest.mark.parametrize(
    ("stored", "english", "german"),
    [
        (message("shipped"), "Ships with the project.", "Wird mit dem Projekt ausgeliefert."),
        (
            message("passed", verdict=decide([WON]).reason),
            "Promoted automatically. Better on past corrections",
            "Automatisch aktiviert. Besser: frühere Korrekturen",
        ),
    ],
)
def test_what_the_site_promotes_by_itself_has_its_reason_in_both_languages(
    stored: str, english: str, german: str
) -> None:
    row = Promotion(reason=stored)
    assert reasons.of_promotion(row).startswith(english)
    with translation.override("de"):
        assert reasons.of_promotion(row).startswith(german)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "Reads my sevens.",
        "Promoted by itself. Better on past corrections",
        '{"code":"of_a_later_release"}',
        '{"code":"passed","verdict":{"code":"of_a_later_release"}}',
        '{"code":"passed","verdict":3}',
    ],
)
def test_any_other_reason_of_a_promotion_is_shown_as_it_is(stored: str) -> None:
    with translation.override("de"):
        assert reasons.of_promotion(Promotion(reason=stored)) == stored


@pytest.mark.django_db
def test_the_pages_of_a_promotion_give_the_reason_in_german(admin_client: Any) -> None:
    version = promotion.register_shipped_model()
    row = Promotion.objects.get()
    for url in (
        f"/admin/recognizer/modelversion/{version.pk}/change/",
        "/admin/recognizer/promotion/",
        f"/admin/recognizer/promotion/{row.pk}/change/",
    ):
        html = admin_client.get(url, headers=GERMAN).content.decode()
        assert "Wird mit dem Projekt ausgeliefert." in html
        assert "shipped" not in html
