"""What `python -m ml evaluate` works out, draws and writes."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from devtools import golden
from ml import pretrained
from ml.contract import DIGITS, NOT_A_DIGIT, Ink, Picture
from ml.data.dataset import DatasetError, load_bitmaps, load_inks, save_strokes
from ml.evaluation import charts, metrics
from ml.evaluation.report import replace_table
from ml.evaluation.robustness import CANVAS_PX, LAYINGS, laid, lay
from ml.reading.inference import load_trained


def test_every_writer_counts_once() -> None:
    writers = np.array(["often"] * 8 + ["once"] + [""] * 3)
    right = np.array([True] * 8 + [False] + [False] * 3)
    found = metrics.per_writer(writers, right)
    assert found is not None
    assert found["mean"] == 0.5
    assert found["accuracies"] == [0.0, 1.0]
    assert found["lowest"][0] == {"writer": "once", "accuracy": 0.0, "samples": 1}


def test_without_writers_there_is_no_mean_of_them() -> None:
    assert metrics.per_writer(np.array(["", ""]), np.array([True, True])) is None


def test_risk_rises_as_less_sure_answers_are_given() -> None:
    confidence = np.linspace(1, 0, 1000, dtype=np.float32)
    right = np.arange(1000) < 900
    points = metrics.risk_coverage(confidence, right)
    assert points[-1] == {"coverage": 1.0, "risk": pytest.approx(0.1)}
    assert all(point["risk"] == 0 for point in points if point["coverage"] <= 0.9)


def test_the_worst_mistake_is_the_surest() -> None:
    mnist = load_bitmaps(pretrained.MNIST_TEST)
    answers = metrics.answer(load_trained(pretrained.ARTIFACT), mnist)
    worst = metrics.worst_mistakes(answers, 5)
    assert not answers.right[worst].any()
    assert answers.confidence[worst[0]] == answers.confidence[~answers.right].max()


def test_letters_are_counted_where_at_most_one_digit_in_a_hundred_is_refused() -> None:
    classes = (*DIGITS, NOT_A_DIGIT)

    def refused_by(scores: list[float]) -> metrics.Answers:
        n = len(scores)
        spread = np.zeros((n, len(classes)), np.float32)
        spread[:, -1], spread[:, 0] = scores, 1 - np.array(scores)
        part = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(n))
        read = np.where(np.array(scores) > 0.9, 10, 0)
        return metrics.Answers(part, classes, spread, np.zeros(n, np.int64), read)

    digits = refused_by([0.01] * 198 + [0.3, 0.95])
    # Two of 200 may be refused at most, so that 0.01 is the lowest threshold.
    found = metrics.evaluate_refusals(digits, refused_by([0.005, 0.02, 0.5, 0.99]))
    assert found == {
        "digits_refused": 0.005,
        "others": 4,
        "others_accepted": 0.75,
        "others_accepted_where_strict": 0.25,
    }


@pytest.mark.parametrize(
    "svg",
    [
        charts.reliability_svg(
            [{"from": 0.8, "to": 1.0, "samples": 3, "confidence": 0.9, "accuracy": 0.7}]
        ),
        charts.risk_coverage_svg([{"coverage": 0.5, "risk": 0.0}, {"coverage": 1.0, "risk": 0.1}]),
        charts.writers_svg([0.5, 1.0]),
        charts.writers_svg([1.0]),
    ],
)
def test_charts_are_svg_that_a_strict_reader_takes(svg: str) -> None:
    assert ElementTree.fromstring(svg).tag.endswith("svg")


@pytest.mark.parametrize("name", LAYINGS)
def test_a_drawing_stays_on_the_canvas_however_it_is_laid(name: str) -> None:
    rng = np.random.default_rng(1)
    for digit in DIGITS:
        drawn = LAYINGS[name](golden.ink(digit), rng)
        if isinstance(drawn, Picture):
            assert drawn.pixels.shape == (CANVAS_PX, CANVAS_PX)
            assert drawn.pixels.max() > 200
        else:
            points = np.concatenate(drawn.strokes)
            assert points.min() >= 0
            assert points.max() <= CANVAS_PX


def test_a_drawing_is_laid_as_large_as_asked_and_where() -> None:
    ink = lay(golden.ink("7"), np.random.default_rng(1), size=0.25, corner=(1, 0))
    points = np.concatenate(ink.strokes)
    assert np.ptp(points, axis=0).max() == pytest.approx(0.25 * CANVAS_PX, abs=0.1)
    assert points[:, 0].max() == pytest.approx(CANVAS_PX - 4, abs=0.1)
    assert points[:, 1].min() == pytest.approx(4, abs=0.1)


def test_turning_is_clockwise() -> None:
    upright = Ink((np.array([(140.0, 200.0), (140.0, 50.0)]),), CANVAS_PX, CANVAS_PX)
    turned = lay(upright, np.random.default_rng(1), turn_deg=15).strokes[0]
    assert turned[1, 0] > turned[0, 0]


def test_the_shipped_model_reads_golden_drawings_however_they_are_laid() -> None:
    classifier = load_trained(pretrained.ARTIFACT)
    inks, labels = [golden.ink(digit) for digit in DIGITS], np.array(DIGITS)
    for name, how in LAYINGS.items():
        part = laid(inks, labels, np.full(10, ""), how)
        assert metrics.evaluate(classifier, part)["errors"] <= 1, name


def test_evaluate_writes_a_page_that_needs_nothing_else(tmp_path: Path) -> None:
    inks = [golden.ink(digit) for digit in (*DIGITS, "A", "W")]
    labels = [*DIGITS, "A", "W"]
    save_strokes(tmp_path / "some_hands.npz", inks, labels, ["anna", "ben"] * 6)
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    page = tmp_path / "reports" / "model.html"
    command = [
        *(sys.executable, "-m", "ml", "evaluate", "--report", str(page)),
        *("--set", str(tmp_path / "some_hands.npz"), "--readme", str(readme)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(page.with_suffix(".json").read_text())
    assert figures["sets"]["some_hands"]["samples"] == 10
    assert len(figures["sets"]["some_hands"]["per_writer"]["accuracies"]) == 2
    assert set(figures["robustness"]["some_hands"]) == set(LAYINGS)
    assert 0 <= figures["sets"]["some_hands"]["others_accepted_where_strict"] <= 1
    assert figures["memory_mb"] < 150
    assert f"{figures['sets']['mnist_test']['accuracy']:.2%}" in readme.read_text()
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith("after\n")
    html = page.read_text()
    assert "some hands" in html
    assert all(link.startswith("data:") for link in re.findall(r"(?:src|href)='([^']*)'", html))
    assert not re.search(r"url\(|<script|<link|@import", html)
    assert html.count("<svg") == html.count("</svg>") >= 4
    HTMLParser().feed(html)


def test_a_readme_without_a_place_for_figures_is_left_as_it_is(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n")
    with pytest.raises(ValueError, match="no place"):
        replace_table(readme, "figures", "| what | measured |")
    assert readme.read_text() == "nothing here\n"


def test_strokes_come_with_their_writers_and_pictures_are_none(tmp_path: Path) -> None:
    save_strokes(tmp_path / "s.npz", [golden.ink("3")], ["3"], ["anna"])
    loaded = load_inks(tmp_path / "s.npz")
    assert loaded is not None
    assert loaded[1].tolist() == ["3"]
    assert loaded[2].tolist() == ["anna"]
    np.savez(tmp_path / "p.npz", images=np.zeros((1, 28, 28), np.uint8), labels=np.array(["3"]))
    assert load_inks(tmp_path / "p.npz") is None
    with pytest.raises(DatasetError):
        load_inks(tmp_path / "missing.npz")
