"""Characters bent before they are bitmaps: other shapes, as sharp as they were."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from devtools import golden
from ml import pretrained
from ml.contract import Ink
from ml.data.assembly import training_data
from ml.data.bending import PEN, bend_ink, bend_scans
from ml.data.dataset import load_bitmaps, load_set, save_bitmaps
from ml.drawing.preprocessing import preprocess
from ml.learning.tests.options import options

SCANS = load_bitmaps(pretrained.MNIST_TEST).images[:300]


def share_of_grey(images: NDArray[np.uint8]) -> float:
    """Of the pixels that are not paper, how many are not full ink either."""
    return float(((images > 5) & (images < 250)).sum() / (images > 5).sum())


def test_a_bent_scan_is_another_shape_in_the_same_box() -> None:
    bent = bend_scans(SCANS, seed=1)
    assert bent.shape == SCANS.shape
    assert (bent != SCANS).any(axis=(1, 2)).all()
    rows, columns = (bent > 40).any(axis=2), (bent > 40).any(axis=1)
    longer = np.maximum(rows.sum(axis=1), columns.sum(axis=1))
    assert (longer <= 20).all()
    assert (longer >= 18).mean() > 0.95


def test_a_bent_scan_is_as_sharp_as_a_scan_and_a_bent_bitmap_is_not() -> None:
    from ml.data.augmentation import augment
    from ml.plan import Augmentation

    ratio = share_of_grey(bend_scans(SCANS, seed=1)) / share_of_grey(SCANS)
    assert 0.85 < ratio < 1.15
    turned = np.asarray(augment(SCANS[..., None] / np.float32(255), Augmentation()))[..., 0]
    assert share_of_grey(np.round(turned * 255).astype(np.uint8)) > 1.3 * share_of_grey(SCANS)


def test_a_seed_bends_in_one_way() -> None:
    first, again, other = (bend_scans(SCANS[:20], seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).all()


def test_paper_without_ink_and_ink_without_paper_stay_as_they_are() -> None:
    nothing_to_bend = np.stack([np.zeros((28, 28)), np.full((28, 28), 255)]).astype(np.uint8)
    np.testing.assert_array_equal(bend_scans(nothing_to_bend, seed=1), nothing_to_bend)


def test_bent_strokes_are_as_many_and_another_shape() -> None:
    four = golden.ink("4")
    bent = bend_ink(four, "4", np.random.default_rng(1))
    assert len(bent.strokes) == len(four.strokes)
    assert np.abs(preprocess(bent) - preprocess(four)).max() > 0.5


def test_a_dot_and_no_strokes_stay_as_they_are() -> None:
    rng = np.random.default_rng(1)
    for ink in (Ink((), 280, 280), Ink((np.array([[5.0, 5.0]]),), 280, 280)):
        assert bend_ink(ink, "1", rng) is ink


def test_strokes_of_a_1_are_bent_around_an_angle_to_the_right() -> None:
    upright = Ink((np.array([[0.0, 100.0], [0.0, 0.0]]),), 280, 280)
    rng = np.random.default_rng(1)

    def leaning_deg(label: str) -> float:
        along = [
            np.diff(bend_ink(upright, label, rng).strokes[0][[0, -1]], axis=0)[0]
            for _ in range(600)
        ]
        return float(np.mean([np.rad2deg(np.arctan2(x, -y)) for x, y in along]))

    assert leaning_deg("1") == pytest.approx(PEN.clockwise_deg["1"], abs=1.5)
    assert leaning_deg("3") == pytest.approx(0, abs=1.5)


def test_bent_samples_share_the_weight_and_the_label_of_what_they_were(
    tmp_path: Path, strokes: Path
) -> None:
    read = load_set(strokes)
    pictures = tmp_path / "pictures.npz"
    save_bitmaps(pictures, read.images, read.labels, read.writers)
    sets = "--set", f"{strokes}=2", "--set", str(pictures), "--synthetic-digits", "20"
    plain = training_data(options(*sets))
    more = training_data(options(*sets, "--bend", "3"))
    count = len(plain.train)
    assert (more.train.labels == np.tile(plain.train.labels, 4)).all()
    assert more.train.weights.sum() == pytest.approx(plain.train.weights.sum())
    assert (more.train.by_pen == np.tile(plain.train.by_pen, 4)).all()
    images = more.train.images.reshape(4, count, 28, 28)
    np.testing.assert_array_equal(images[0], plain.train.images)
    changed = (images[1:] != images[0]).any(axis=(2, 3))
    assert changed[:, :-20].all()
    assert not changed[:, -20:].any()
    assert (images[1, :-20] != images[2, :-20]).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(more.validation.images, plain.validation.images)


def test_what_is_redrawn_is_bent_first_but_for_the_first_pen(strokes: Path) -> None:
    sets = "--set", str(strokes)
    bent = training_data(options(*sets, "--bend", "1", "--redraw", "2"))
    plain = training_data(options(*sets, "--redraw", "2"))
    count = len(bent.train) // 4
    ways = bent.train.images.reshape(4, count, 28, 28)  # as it is, two redrawn, bent
    np.testing.assert_array_equal(ways[:2], plain.train.images.reshape(3, count, 28, 28)[:2])
    redrawn_of_bent = np.abs(ways[2].astype(int) - ways[3]).mean()
    assert redrawn_of_bent < 0.5 * np.abs(ways[2].astype(int) - ways[0]).mean()


@pytest.mark.parametrize("other", [("--turn-strokes",), ("--sets-share", "0.2")])
def test_what_does_not_go_with_bending_is_refused(other: tuple[str, ...], strokes: Path) -> None:
    with pytest.raises(ValueError, match="--bend goes neither with"):
        training_data(options("--set", str(strokes), "--bend", "1", *other))
