"""Drawings that show no digit: synthetic, learned from, refused."""

from dataclasses import replace

import numpy as np
import pytest

from devtools import golden
from ml import pretrained
from ml.contract import DIGITS, NOT_A_DIGIT
from ml.data.dataset import Dataset, concatenate, load_bitmaps
from ml.data.letterforms import DIGIT_FORMS, OTHER_FORMS, strokes_of
from ml.data.mixture import (
    as_drawn,
    learnable,
    synthetic_digits,
    synthetic_others,
    varied,
    with_class_share,
)
from ml.data.synthetic import scribbles, several_digits
from ml.data.thinning import enlarge, redraw, skeletonise
from ml.drawing.preprocessing import preprocess
from ml.evaluation import metrics
from ml.reading.calibration import choose_threshold, fit_temperature
from ml.reading.inference import Classifier, load_trained


def classifier_that_refuses(reject_above: float) -> Classifier:
    return Classifier(pretrained.ARTIFACT.read_bytes(), (*DIGITS, NOT_A_DIGIT), reject_above)


def test_a_drawing_over_the_threshold_is_refused_and_any_other_is_its_best_digit() -> None:
    scores = np.zeros((3, 11), np.float32)
    scores[0, [7, 10]] = 0.3, 0.7
    scores[1, [7, 10]] = 0.4, 0.6
    scores[2, [2, 10]] = 0.9, 0.1
    assert classifier_that_refuses(0.65).decide(scores).tolist() == [10, 7, 2]


def test_a_network_without_that_class_refuses_nothing() -> None:
    classifier = Classifier(pretrained.ARTIFACT.read_bytes(), DIGITS, 0.0)
    assert classifier.decide(np.eye(10, dtype=np.float32)).tolist() == list(range(10))


def test_the_temperature_that_made_the_scores_is_found_again() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(20_000, 10)) * 2
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = (true.cumsum(axis=1) > rng.uniform(size=(20_000, 1))).argmax(axis=1)
    sharp = np.exp(logits * 1.6)
    scores = (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32)
    assert fit_temperature(scores, targets) == pytest.approx(1.6, rel=0.04)


def test_the_threshold_costs_the_share_of_digits_it_may() -> None:
    scores = np.linspace(0, 1, 1001)
    threshold = choose_threshold(scores, 0.01)
    assert (scores > threshold).mean() == pytest.approx(0.01, abs=0.001)


def test_the_threshold_is_chosen_on_what_is_drawn_and_the_temperature_on_what_is_not() -> None:
    from ml.learning.training import calibrate, load_network

    classes = (*DIGITS, NOT_A_DIGIT)
    scans = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(400))
    letters = replace(scans, labels=np.full(400, NOT_A_DIGIT))
    temperatures = set()
    for digits in (scans, concatenate([scans, as_drawn(scans)])):
        network = load_network("residual_cnn", classes, pretrained.WEIGHTS)
        found = calibrate(network, scans, classes, also_drawn=concatenate([digits, letters]))
        temperatures.add(found["temperature"])
        images = digits.images[..., None] / np.float32(255)
        highest, next_to_it = np.sort(network.predict(images, verbose=0)[:, -1])[[-1, -2]]
        assert next_to_it < found["reject_above"] <= highest
    assert len(temperatures) == 1


def test_synthetic_drawings_are_bitmaps_like_any_other() -> None:
    images = np.concatenate([scribbles(40, 1), several_digits(golden_digits().images, 20, 1)])
    assert images.shape == (60, 28, 28)
    assert (images.max(axis=(1, 2)) > 200).all()
    rows, columns = np.indices((28, 28))
    for image in images:
        assert (image * rows).sum() / image.sum() == pytest.approx(13.5, abs=0.55)
        assert (image * columns).sum() / image.sum() == pytest.approx(13.5, abs=0.55)
    assert (scribbles(5, 1) == scribbles(5, 1)).all()
    assert not (scribbles(5, 1) == scribbles(5, 2)).all()


def test_synthetic_digits_are_read_as_what_they_are_meant_to_be() -> None:
    made = synthetic_digits(400, seed=7)
    assert np.unique(made.labels, return_counts=True)[1].tolist() == [40] * 10
    classifier = load_trained(pretrained.ARTIFACT)
    assert metrics.evaluate(classifier, made)["accuracy"] > 0.95


def test_the_same_seed_writes_the_same_and_another_seed_otherwise() -> None:
    first, again, other = (synthetic_digits(20, seed) for seed in (3, 3, 4))
    assert (first.images == again.images).all()
    assert not (first.images == other.images).all()


@pytest.mark.parametrize("forms", [DIGIT_FORMS, OTHER_FORMS])
def test_every_form_is_strokes_on_its_grid(forms: dict[str, tuple[str, ...]]) -> None:
    for form in (form for choices in forms.values() for form in choices):
        for stroke in strokes_of(form):
            assert len(stroke) >= 2
            assert ((stroke >= 0) & (stroke <= 9)).all()


def golden_digits() -> Dataset:
    images = np.stack([np.round(preprocess(golden.ink(d)) * 255).astype(np.uint8) for d in DIGITS])
    blank = np.full(10, "", "U1")
    return Dataset(images, np.array(DIGITS), blank, np.ones(10, np.float32), np.ones(10, bool))


def test_letters_unlike_digits_become_that_class_and_the_others_are_left_out() -> None:
    letters = Dataset(
        np.zeros((5, 28, 28), np.uint8),
        np.array(["A", "O", "3", "l", "+"]),
        np.full(5, "", "U1"),
        np.ones(5, np.float32),
        np.zeros(5, bool),
    )
    assert learnable(letters, DIGITS).labels.tolist() == ["3"]
    assert learnable(letters, (*DIGITS, NOT_A_DIGIT)).labels.tolist() == [
        NOT_A_DIGIT,
        "3",
        NOT_A_DIGIT,
    ]


def test_a_class_is_given_its_share_of_what_is_drawn() -> None:
    digits = golden_digits()
    from ml.data.dataset import concatenate

    mixed = with_class_share(
        concatenate([digits, synthetic_others(digits, 30, seed=1)]), NOT_A_DIGIT, share=0.2
    )
    mine = mixed.labels == NOT_A_DIGIT
    assert mixed.weights[mine].sum() / mixed.weights.sum() == pytest.approx(0.2)


def test_a_skeleton_is_one_pixel_wide_and_as_connected_as_the_ink() -> None:
    ink = np.zeros((2, 40, 40), bool)
    ink[0, 5:35, 15:24] = True
    ink[1, 8:32, 8:32] = True
    ink[1, 14:26, 14:26] = False
    line, ring = skeletonise(ink)
    assert 20 <= line.sum() <= 32
    assert line.sum(axis=1).max() == 1
    # A ring keeps its hole: what is outside cannot flow in.
    outside = np.zeros_like(ring)
    outside[0, 0] = True
    for _ in range(80):
        grown = outside.copy()
        grown[1:] |= outside[:-1]
        grown[:-1] |= outside[1:]
        grown[:, 1:] |= outside[:, :-1]
        grown[:, :-1] |= outside[:, 1:]
        outside = grown & ~ring
    assert not outside[20, 20]


def test_pictures_are_thinned_together_as_each_is_alone() -> None:
    ink = enlarge(load_bitmaps(pretrained.MNIST_TEST).images[:19]) > 0.45
    alone = [skeletonise(each[None])[0] for each in ink]
    np.testing.assert_array_equal(skeletonise(ink), alone)
    assert all(0 < one.sum() < each.sum() / 3 for one, each in zip(alone, ink, strict=True))


def test_digits_redrawn_with_another_pen_are_the_same_digits() -> None:
    mnist = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(400))
    classifier = load_trained(pretrained.ARTIFACT)
    thin, thick = redraw(mnist.images, np.array([[2.0] * 400, [3.4] * 400]))
    assert thin.mean() < thick.mean() * 0.75
    for images in (thin, thick):
        redrawn = replace(mnist, images=images)
        assert metrics.evaluate(classifier, redrawn)["accuracy"] > 0.97


def test_a_digit_whose_loops_are_full_of_ink_is_not_redrawn() -> None:
    open_eight = np.round(preprocess(golden.ink("8")) * 255).astype(np.uint8)
    blot = open_eight.copy()
    blot[5:23, 9:19] = 255
    both = redraw(np.stack([open_eight, blot]), np.full((1, 2), 2.0))[0]
    assert both[0].sum() < open_eight.sum() * 0.9
    assert (both[1] == blot).all()


def test_redrawn_samples_keep_their_labels_and_take_a_share_of_the_weight() -> None:
    digits = golden_digits()
    more = varied(digits, pens=2, shapes=[], seed=1)
    assert more.labels.tolist() == [*DIGITS] * 3
    assert more.weights.sum() == pytest.approx(10)
    assert more.weights[10:].sum() == pytest.approx(2.5)
    assert not (more.images[10:20] == more.images[20:]).all()


def test_a_scanned_7_is_not_redrawn_and_one_from_a_pen_is() -> None:
    scanned = replace(golden_digits(), by_pen=np.zeros(10, bool))
    more = varied(scanned, pens=1, shapes=[], seed=1)
    of_a_7 = more.weights[more.labels == "7"]
    assert of_a_7.tolist() == [1, 0]
    assert more.weights[10:].sum() == pytest.approx(0.25 * 9)
    assert more.by_pen.tolist() == [False] * 10 + [True] * 10
    drawn = varied(golden_digits(), pens=1, shapes=[], seed=1)
    assert drawn.weights[drawn.labels == "7"].tolist() == [0.75, 0.25]
