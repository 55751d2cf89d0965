"""What the options of a training make of the sets that they name."""

from pathlib import Path

import numpy as np
import pytest

from ml.contract import Ink
from ml.data.assembly import training_data
from ml.data.dataset import holds_strokes, load_set, save_bitmaps
from ml.data.synthetic import turned
from ml.learning.tests.options import options


@pytest.fixture
def pictures(tmp_path: Path, strokes: Path) -> Path:
    read = load_set(strokes)
    path = tmp_path / "pictures.npz"
    save_bitmaps(path, read.images, read.labels, read.writers)
    return path


def test_strokes_are_seen_turned_as_often_as_they_are(strokes: Path) -> None:
    plain = training_data(options("--set", f"{strokes}=2"))
    both = training_data(options("--set", f"{strokes}=2", "--turn-strokes"))
    count = len(plain.train)
    assert len(both.train) == 2 * count
    assert (both.train.labels == np.tile(plain.train.labels, 2)).all()
    assert both.train.weights.tolist() == [1.0] * 2 * count
    assert both.train.by_pen.all()
    np.testing.assert_array_equal(both.train.images[:count], plain.train.images)
    changed = (both.train.images[count:] != plain.train.images).any(axis=(1, 2))
    assert changed.all()


def test_nobody_is_validated_on_who_is_seen_turned(strokes: Path) -> None:
    plain = training_data(options("--set", str(strokes)))
    both = training_data(options("--set", str(strokes), "--turn-strokes"))
    np.testing.assert_array_equal(both.validation.images, plain.validation.images)
    assert not {*both.train.writers} & {*both.validation.writers}


def test_pictures_are_not_turned(pictures: Path) -> None:
    plain = training_data(options("--set", str(pictures)))
    both = training_data(options("--set", str(pictures), "--turn-strokes"))
    np.testing.assert_array_equal(both.train.images, plain.train.images)
    assert not holds_strokes(pictures)


def test_a_1_is_turned_right_more_often_than_left() -> None:
    upright = Ink((np.array([[0.0, 100.0], [0.0, 0.0]]),), 280, 280)
    rng = np.random.default_rng(1)
    leaning = {
        label: [float(np.diff(turned(upright, label, rng).strokes[0][:, 0])[0]) for _ in range(400)]
        for label in ("1", "3")
    }
    assert np.mean(np.array(leaning["1"]) > 0) == pytest.approx(0.8, abs=0.07)
    assert np.mean(np.array(leaning["3"]) > 0) == pytest.approx(0.5, abs=0.07)
    lengths = [np.hypot(*np.diff(turned(upright, "1", rng).strokes[0], axis=0)[0])]
    assert lengths == pytest.approx([100.0])
