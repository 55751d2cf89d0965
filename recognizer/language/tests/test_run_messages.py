"""A run's stages and errors are stored as codes and shown in the reader's language."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from recognizer.language.run_messages import SENTENCES, in_words
from recognizer.language.stored_messages import message
from recognizer.models import TrainingRun
from recognizer.registry.reasons import PROMOTIONS
from recognizer.tests.factories import make_run
from recognizer.tests.texts import ROOT

RUNS = "/admin/recognizer/trainingrun/"
GERMAN = {"Accept-Language": "de"}
PARAMETERS = {"share": "40%", "number": 12, "status": 1, "why": "disk full", "seconds": 600}
PARAMETERS |= {"count": 3}


def in_german(stored: str) -> str:
    with translation.override("de"):
        return in_words(stored)


@pytest.mark.parametrize("code", SENTENCES)
def test_every_code_is_rendered_in_both_languages(code: str) -> None:
    stored = message(code, **PARAMETERS)
    assert in_words(stored) == SENTENCES[code] % PARAMETERS
    assert in_german(stored) not in {stored, in_words(stored)}


def codes_in(path: Path) -> set[str]:
    """The codes that a source file passes to `message`, and the stages of its progress lines."""
    found: list[Any] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "message":
            found += node.args
        elif isinstance(node, ast.Dict):
            found += [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "stage"
            ]
    return {str(node.value) for node in found if isinstance(node, ast.Constant)}


def test_every_code_that_is_stored_has_a_sentence_and_every_sentence_is_used() -> None:
    files = [ROOT / "ml" / "commands.py", *(ROOT / "recognizer").glob("*/*.py")]
    used = set().union(*(codes_in(path) for path in files))
    made = {"made", "made_not_evaluated"}  # supervision.py chooses between these two
    assert used | made == SENTENCES.keys() | PROMOTIONS.keys()


def test_every_stage_fits_its_column() -> None:
    longest = TrainingRun._meta.get_field("stage").max_length or 0
    errors = list(SENTENCES)[list(SENTENCES).index("ended") :]
    largest: dict[str, dict[str, Any]]
    largest = {"blending": {"share": "100%"}, "training": {"samples": 100_000_000}}
    largest |= {code: {"number": 2_147_483_647} for code in ("made", "made_not_evaluated")}
    for code in SENTENCES.keys() - errors:
        assert len(message(code, **largest.get(code, {}))) <= longest


def test_a_message_inside_a_message_is_translated_too() -> None:
    stored = message("ended", status=1, why=message("no_reason"))
    assert in_words(stored) == "The training process ended with code 1: it gave no reason"
    assert in_german(stored).endswith("endete mit Code 1: Er nannte keinen Grund.")


def test_the_last_words_of_a_library_are_shown_as_they_are() -> None:
    why = 'OSError: "größer"\n{"code":"what"} 100% %(why)s'
    assert in_german(message("not_stored", why=OSError(why))).endswith(f"werden: {why}")


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "ValueError('what nobody expected')",
        '{"code":"of_a_later_release","number":3}',
        '{"code":"made"}',
        '{"code":"made","num',
        '{"code":"made","code":[]}',
        '{"code":"',
        "[]",
    ],
)
def test_what_is_unknown_or_damaged_is_shown_as_it_is(stored: str) -> None:
    assert in_words(stored) == in_german(stored) == stored


@pytest.mark.parametrize(
    ("sentence", "code", "parameters"),
    [
        ("claimed", "claimed", {}),
        ("starting", "starting", {}),
        ("reading data", "reading_data", {}),
        ("starting TensorFlow", "starting_tensorflow", {}),
        ("training", "training", {}),
        ("keeping 40% of the change, not to forget", "blending", {"share": "40%"}),
        ("calibrating", "calibrating", {}),
        ("exporting", "exporting", {}),
        ("evaluating", "evaluating", {}),
        ("judging", "comparing", {}),
        ("registering", "registering", {}),
        ("made version 12", "made", {"number": 12}),
        ("made version 12, not judged", "made_not_evaluated", {"number": 12}),
        ("the worker was stopped; queued again", "worker_stopped", {}),
        ("its worker died; queued again", "worker_died", {}),
        ("a contributor was forgotten; queued again", "contributor_forgotten", {}),
        (
            "The training process ended with code -9: it gave no reason",
            "ended",
            {"status": -9, "why": message("no_reason")},
        ),
        (
            "The training could not be prepared: disk full\n(2)",
            "not_prepared",
            {"why": "disk full\n(2)"},
        ),
        ("The result could not be stored: disk full", "not_stored", {"why": "disk full"}),
        ("The training process said nothing for 600 s.", "silent", {"seconds": 600}),
        ("Its worker died 3 times; see the worker's log.", "died_often", {"count": 3}),
        ("Every drawing of this run has been deleted.", "no_drawings", {}),
    ],
)
def test_a_sentence_stored_before_1_0_0_is_read_like_its_code(
    sentence: str, code: str, parameters: dict[str, Any]
) -> None:
    assert in_words(sentence) == in_words(message(code, **parameters))
    assert in_german(sentence) == in_german(message(code, **parameters))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stage", "error"),
    [
        (message("comparing"), message("died_often", count=3)),
        ("judging", "Its worker died 3 times; see the worker's log."),
    ],
)
def test_page_list_and_api_of_a_run_speak_the_readers_language(
    admin_client: Any, stage: str, error: str
) -> None:
    run = make_run(state="failed", stage=stage, error=error)
    html = admin_client.get(f"{RUNS}{run.pk}/change/", headers=GERMAN).content.decode()
    listed = admin_client.get(RUNS, headers=GERMAN).content.decode()
    url = f"/api/v1/training-runs/{run.pk}/"
    german, english = (admin_client.get(url, headers=one).json() for one in (GERMAN, {}))
    assert german["stage"] == "vergleicht mit der aktiven Version"
    assert german["stage"] in html
    assert german["stage"] in listed
    assert german["error"].startswith("Sein Worker starb 3-mal")
    assert german["error"] in html
    assert english["stage"] == "comparing with the active version"
    assert english["error"] == "Its worker died 3 times; see the worker's log."
