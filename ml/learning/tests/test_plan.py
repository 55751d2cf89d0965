"""The plan of a training: its file, and the flags that describe one."""

import json
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.contract import DIGITS, NOT_A_DIGIT
from ml.learning.tests.options import options
from ml.plan import AUGMENTATIONS, Plan, PlanError, WeightedSet, as_recorded, read_plan, write_plan


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = Plan(
        classes=(*DIGITS, NOT_A_DIGIT),
        sets=(WeightedSet(Path("drawn.npz"), 2.5), WeightedSet(Path("more.npz"))),
        initial=Path("model.weights.h5"),
        teachers=(Path("teacher.weights.h5"),),
        sets_share=0.2,
        augmentation=AUGMENTATIONS["hands"],
    )

    write_plan(plan, tmp_path / "plan.json")

    assert read_plan(tmp_path / "plan.json") == plan


def test_fields_left_out_have_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"learning_rate": 1}')

    assert read_plan(tmp_path / "plan.json") == Plan(learning_rate=1.0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"epoch": 3}, "epoch: there is no such field"),
        ({"epochs": "3"}, "epochs: expected int, not '3'"),
        ({"epochs": True}, "epochs: expected int, not True"),
        ({"epochs": None}, "epochs: expected int, not None"),
        ({"seed": 1.5}, "seed: expected int"),
        ({"schedule": "linear"}, "schedule: expected"),
        ({"schedule": []}, "schedule: expected"),
        ({"sets": "drawn.npz"}, "sets: expected"),
        ({"sets": [{"path": 3}]}, r"sets\[0\].path: expected"),
        ({"sets": [{"weight": 3}]}, r"sets\[0\]: a field is missing"),
        ({"augmentation": {"spin": 1}}, "augmentation.spin: there is no such field"),
        ({"augmentation": {"pen_clockwise_deg": {"1": "far"}}}, "pen_clockwise_deg.1: expected"),
        ([], "plan: expected an object"),
    ],
)
def test_a_wrong_field_is_named(content: object, problem: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(content))

    with pytest.raises(PlanError, match=problem):
        read_plan(tmp_path / "plan.json")


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("epochs: 3")

    with pytest.raises(PlanError, match="is not JSON"):
        read_plan(tmp_path / "plan.json")


def test_flags_fill_a_plan() -> None:
    assert options() == Plan()
    filled = options("--set", "drawn.npz=2.5", "--not-a-digit", "--ema", "0.9", "--bend", "2")
    assert filled == Plan(
        sets=(WeightedSet(Path("drawn.npz"), 2.5),),
        classes=(*DIGITS, NOT_A_DIGIT),
        ema_momentum=0.9,
        bend=2,
    )
    assert options("--teacher", "a.weights.h5").teachers_share == 0.5


def test_a_plan_with_a_flag_beside_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(Plan(), tmp_path / "plan.json")
    plan = ["--plan", str(tmp_path / "plan.json"), "--output", str(tmp_path / "run")]

    assert main(["train", *plan, "--epochs", "3"]) == 1

    assert "do not set epochs beside it" in capsys.readouterr().err


def test_a_wrong_plan_is_one_line_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.json").write_text('{"rivals": 3.0}')

    done = main(["train", "--plan", str(tmp_path / "plan.json"), "--output", str(tmp_path / "run")])

    assert done == 1
    assert capsys.readouterr().err == "python -m ml train: rivals: there is no such field.\n"


def test_a_result_records_no_paths() -> None:
    recorded = as_recorded(Plan(initial=Path("secret.weights.h5")))

    assert recorded["architecture"] == "source_cnn"
    assert "secret" not in str(recorded)
