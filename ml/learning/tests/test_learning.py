"""The network, its training, its export and their agreement. Real TensorFlow, small data."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devtools import golden
from ml import commands, pretrained
from ml.contract import DIGITS, NOT_A_DIGIT, Bitmap
from ml.data.dataset import Dataset, load_bitmaps
from ml.evaluation import metrics
from ml.reading.inference import ArtifactError, Classifier, load_trained

PLAN = pretrained.result()["plan"]
CLASSES = tuple(PLAN["classes"])


def test_the_source_network_has_its_shape_and_size() -> None:
    from ml.learning.architectures import source_cnn

    network = source_cnn(10)
    assert network.input_shape == (None, 28, 28, 1)
    assert network.output_shape == (None, 10)
    trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert trained == 174_762


def test_fused_batch_normalisation_trains_like_keras_own() -> None:
    import tensorflow as tf
    from keras import layers

    from ml.learning.architectures import FusedBatchNormalization

    images = tf.random.stateless_normal((64, 5, 5, 3), seed=(1, 2)) * 3 + 1
    fused, plain = FusedBatchNormalization(), layers.BatchNormalization()
    np.testing.assert_allclose(
        fused(images, training=True), plain(images, training=True), atol=1e-4
    )
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, atol=1e-5)
    # TensorFlow's kernel keeps the unbiased variance, Keras the biased one: n / (n - 1) apart.
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=2e-3)
    np.testing.assert_allclose(fused(images), plain(images), atol=2e-2)


def test_augmentation_of_nothing_changes_nothing() -> None:
    from ml.data.augmentation import augment
    from ml.plan import Augmentation

    images = np.random.default_rng(0).uniform(size=(4, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(augment(images, Augmentation(0, 0, 0, 0)), images, atol=1e-6)


def test_a_share_of_the_bitmaps_stays_as_it_is() -> None:
    from ml.data.augmentation import augment
    from ml.plan import Augmentation

    images = np.random.default_rng(0).uniform(size=(400, 28, 28, 1)).astype(np.float32)
    bent = np.asarray(augment(images, Augmentation(untouched=0.25)))
    same = (bent == images).all(axis=(1, 2, 3)).mean()
    assert 0.17 < same < 0.33


def test_what_stays_as_it_is_moves_by_whole_pixels() -> None:
    from ml.data.augmentation import augment
    from ml.plan import Augmentation

    images = np.zeros((400, 28, 28, 1), np.float32)
    images[:, 10:18, 12:16] = np.random.default_rng(0).uniform(0.1, 1, (400, 8, 4, 1))
    moved = np.asarray(augment(images, Augmentation(untouched=1, untouched_moved_px=2)))
    found: set[tuple[int, int]] = set()
    for before, after in zip(images, moved, strict=True):
        rows, columns = np.nonzero(after[..., 0])
        by = (int(rows.min()) - 10, int(columns.min()) - 12)
        np.testing.assert_array_equal(after, np.roll(before, by, axis=(0, 1)))
        found.add(by)
    assert found == {(down, across) for down in range(-2, 3) for across in range(-2, 3)}


def test_a_label_can_be_turned_clockwise_where_a_pen_drew_it() -> None:
    from ml.learning.batches import training_batches
    from ml.plan import Augmentation, Plan

    upright = np.zeros((28, 28), np.uint8)
    upright[4:24, 14] = 255
    dataset = Dataset(
        np.stack([upright, upright, upright]),
        np.array(["1", "2", "1"]),
        np.array(["", "", ""]),
        np.ones(3, np.float32),
        np.array([True, True, False]),
    )
    how = Augmentation(0, 0, 0, 0, pen_clockwise_deg={"1": 15.0})
    images, targets = next(iter(training_batches(dataset, Plan(augmentation=how))))
    as_it_was = np.abs(np.asarray(images)[..., 0] - upright / 255).max(axis=(1, 2)) < 1e-6
    assert sorted(np.argmax(targets, axis=1)[as_it_was].tolist()) == [1, 2]
    [turned] = np.asarray(images)[~as_it_was]
    rows, columns = np.nonzero(turned[..., 0] > 0.3)
    assert columns[rows < 8].mean() > 15.5
    assert columns[rows > 20].mean() < 12.5


def test_augmentation_keeps_the_ink_and_stays_in_its_bounds() -> None:
    from ml.data.augmentation import affine_matrices, augment
    from ml.drawing.preprocessing import preprocess
    from ml.plan import Augmentation

    digit = preprocess(golden.ink("8"))
    images = np.repeat(digit[None, :, :, None], 64, axis=0)
    changed = np.asarray(augment(images, Augmentation()))
    assert changed.shape == images.shape
    assert 0 <= changed.min() <= changed.max() <= 1
    assert changed.sum(axis=(1, 2, 3)) == pytest.approx(float(digit.sum()), rel=0.45)
    assert np.abs(changed - images).mean() > 0.02
    turn = np.rad2deg(np.arcsin(np.asarray(affine_matrices(500, Augmentation(zoom=0)))[:, 3]))
    assert 8 < np.abs(turn).max() <= 10.001


def test_weights_say_how_often_a_sample_is_drawn() -> None:
    from ml.learning.batches import systematic_draw

    weights = np.array([1.0] * 90 + [10.0] * 9)
    drawn = np.bincount(systematic_draw(weights, 180, np.random.default_rng(1)), minlength=99)
    assert drawn.sum() == 180
    assert set(drawn[:90]) == {1}
    assert set(drawn[90:]) == {10}


def test_a_training_is_exported_evaluated_and_written_down(tmp_path: Path) -> None:
    """The command itself, from the shipped weights, one epoch, with drawings of a new hand."""
    from ml.data.dataset import save_strokes

    inks = [golden.ink(digit) for digit in DIGITS]
    save_strokes(tmp_path / "drawn.npz", inks, list(DIGITS), ["somebody"] * 10)
    small = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(600))
    from ml.data.dataset import save_bitmaps

    save_bitmaps(tmp_path / "replay.npz", small.images, small.labels, small.writers)
    command = [
        *(sys.executable, "-m", "ml", "train", "--progress", "json", "--epochs", "1"),
        *("--initial", str(pretrained.WEIGHTS), "--replay", str(tmp_path / "replay.npz")),
        *("--set", f"{tmp_path / 'drawn.npz'}=2.5", "--sets-share", "0.2"),
        *("--learning-rate", "1e-5", "--output", str(tmp_path / "result")),
        *(
            "--schedule",
            "cosine",
            "--most-forgotten",
            "100",
            "--hard-negatives",
            "1",
            "--keep",
            "last",
        ),
        *("--architecture", PLAN["architecture"], "--reject-above", "1.0"),
        *(["--not-a-digit"] if NOT_A_DIGIT in CLASSES else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["stage"] for event in events if event["event"] == "stage"] == [
        "reading_data",
        "starting_tensorflow",
        "training",
        "calibrating",
        "exporting",
        "evaluating",
    ]
    result = json.loads((tmp_path / "result" / "result.json").read_text())
    assert result["metrics"]["mnist_test"]["accuracy"] > 0.985
    assert result["plan"]["seed"] == 1
    assert result["blend"] == 1.0
    assert result["plan"]["keep"] == "last"
    assert set(result["versions"]) >= {"tensorflow", "keras", "numpy", "python"}
    assert result["data"]["sources"].keys() == {"replay.npz", "drawn.npz"}
    assert result["data"]["mixture"]["set_weights"] == {"drawn.npz": 2.5}
    assert result["data"]["mixture"]["rivals"] == 1.0
    assert (tmp_path / "result" / "confusion.png").stat().st_size > 1000
    assert (tmp_path / "result" / pretrained.WEB.name).read_bytes() == for_the_web(
        tmp_path / "result" / "model.weights.h5"
    )
    assert_keras_and_litert_agree(
        tmp_path / "result" / "model.weights.h5", tmp_path / "result" / "model.tflite"
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"stage": "starting_tensorflow"}, "starting TensorFlow …"),
        ({"stage": "blending", "share": "40%"}, "keeping 40% of the change, not to forget …"),
        ({"stage": "exporting"}, "exporting …"),
    ],
)
def test_a_terminal_shows_a_stage_in_words(
    event: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.say_as_text({"event": "stage", **event})
    assert capsys.readouterr().err == f"{words}\n"


def for_the_web(weights: Path) -> bytes:
    from ml.learning.training import load_network
    from ml.learning.web_export import encode

    return encode(load_network(PLAN["architecture"], CLASSES, weights), CLASSES, 1.0)


def assert_keras_and_litert_agree(weights: Path, artifact: Path) -> None:
    from ml.learning.training import load_network

    network = load_network(PLAN["architecture"], CLASSES, weights)
    classifier = Classifier.load(artifact, CLASSES)
    images: Bitmap = np.divide(
        load_bitmaps(pretrained.MNIST_TEST).images[:300], 255, dtype=np.float32
    )
    expected = network.predict(images[..., None], verbose=0)
    np.testing.assert_allclose(classifier.classify_batch(images), expected, atol=1e-4)
    one_by_one = np.stack([classifier.classify(image) for image in images[:30]])
    np.testing.assert_allclose(one_by_one, expected[:30], atol=1e-4)


@pytest.mark.parametrize("architecture", ["source_cnn", "residual_cnn"])
def test_every_network_is_small_and_reads_batches_once_exported(
    architecture: str, tmp_path: Path
) -> None:
    from ml.learning.architectures import ARCHITECTURES
    from ml.learning.export import export

    network = ARCHITECTURES[architecture](11)
    assert network.count_params() <= 600_000
    assert multiply_adds(network) <= 25_000_000
    export(network, tmp_path / "model.tflite")
    assert (tmp_path / "model.tflite").stat().st_size <= 2_500_000
    classifier = Classifier.load(tmp_path / "model.tflite", (*DIGITS, NOT_A_DIGIT))
    images: Bitmap = np.random.default_rng(1).uniform(size=(7, 28, 28)).astype(np.float32)
    expected = network.predict(images[..., None], verbose=0)
    np.testing.assert_allclose(classifier.classify_batch(images), expected, atol=1e-4)
    np.testing.assert_allclose(classifier.classify(images[0]), expected[0], atol=1e-4)


def multiply_adds(network: Any) -> int:
    """Of one image, in convolutions and dense layers."""
    total = 0
    for layer in network.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            total += int(np.prod(kernel.shape)) * int(np.prod(layer.output.shape[1:-1]))
    return total


def test_a_file_of_each_precision_reads_alike_and_the_smaller_are_smaller() -> None:
    from ml.learning.export import compare_precisions
    from ml.learning.training import load_network

    network = load_network(PLAN["architecture"], CLASSES, pretrained.WEIGHTS)
    some = load_bitmaps(pretrained.MNIST_TEST).select(np.arange(500))
    threshold = pretrained.result()["calibration"]["reject_above"]
    whole, half, quarter = compare_precisions(network, CLASSES, threshold, some, some)
    assert [whole["precision"], half["precision"], quarter["precision"]] == [
        "float32",
        "float16",
        "int8",
    ]
    assert whole["bytes"] > 1.8 * half["bytes"] > 3 * quarter["bytes"]
    assert abs(whole["accuracy"] - half["accuracy"]) <= 0.002
    assert abs(whole["accuracy"] - quarter["accuracy"]) <= 0.01


def test_the_shipped_weights_and_the_shipped_file_are_the_same_network() -> None:
    assert_keras_and_litert_agree(pretrained.WEIGHTS, pretrained.ARTIFACT)


def test_the_shipped_model_reaches_what_its_card_says() -> None:
    stated = pretrained.result()["metrics"]["mnist_test"]
    classifier = load_trained(pretrained.ARTIFACT)
    reached = metrics.evaluate(classifier, load_bitmaps(pretrained.MNIST_TEST))
    assert reached["accuracy"] == pytest.approx(stated["accuracy"], abs=0.0002)
    assert reached["accuracy"] >= 0.994
    card = (pretrained.FOLDER / "MODEL_CARD.md").read_text()
    assert f"{stated['accuracy']:.2%} ({stated['errors']} wrong" in card
    assert pretrained.ARTIFACT.stat().st_size < 2_500_000


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize(("scale", "dx", "dy"), [(1, 0, 0), (0.4, 0, 0), (0.4, 160, 150)])
def test_the_shipped_model_reads_golden_drawings(
    digit: str, scale: float, dx: float, dy: float
) -> None:
    classifier = load_trained(pretrained.ARTIFACT)
    scores = classifier.predict(golden.ink(digit, scale, dx, dy)).scores
    assert CLASSES[int(classifier.decide(scores))] == digit


def test_threads_that_share_a_classifier_get_their_own_answers() -> None:
    from concurrent.futures import ThreadPoolExecutor

    classifier = load_trained(pretrained.ARTIFACT)
    expected = {digit: classifier.predict(golden.ink(digit)).scores for digit in DIGITS}

    def read(turn: int) -> bool:
        digit = DIGITS[turn % 10]
        return bool(np.array_equal(classifier.predict(golden.ink(digit)).scores, expected[digit]))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(400)))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.tflite").write_bytes(b"not a model" * 100)
    with pytest.raises(ArtifactError):
        Classifier.load(tmp_path / "broken.tflite", DIGITS)
    with pytest.raises(ArtifactError):
        Classifier.load(tmp_path / "missing.tflite", DIGITS)
    with pytest.raises(ArtifactError, match=f"reads {len(CLASSES)} classes, not 3"):
        Classifier.load(pretrained.ARTIFACT, ("a", "b", "c"))


def test_confidence_intervals_and_calibration_are_what_the_papers_say() -> None:
    low, high = metrics.wilson_interval(9_950, 10_000)
    assert (round(low, 4), round(high, 4)) == (0.9934, 0.9962)
    confidence = np.array([0.9] * 10, np.float32)
    right = np.array([True] * 9 + [False])
    assert metrics.expected_calibration_error(confidence, right) == pytest.approx(0, abs=1e-6)
    assert metrics.expected_calibration_error(confidence, right & False) == pytest.approx(0.9)
    matrix = metrics.confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    assert matrix == [[1, 1], [0, 1]]


def test_a_network_of_digits_is_a_start_for_one_that_refuses(tmp_path: Path) -> None:
    from ml.learning.architectures import source_cnn
    from ml.learning.training import _start_from
    from ml.plan import Plan

    digits, refusing = source_cnn(10), source_cnn(11)
    digits.save_weights(tmp_path / "digits.weights.h5")
    plan = Plan(classes=(*DIGITS, NOT_A_DIGIT))
    _start_from(refusing, tmp_path / "digits.weights.h5", plan)
    images = load_bitmaps(pretrained.MNIST_TEST).images[:50, ..., None].astype(np.float32) / 255
    scores = refusing.predict(images, verbose=0)[:, :10]
    expected = digits.predict(images, verbose=0)
    np.testing.assert_allclose(scores / scores.sum(axis=1, keepdims=True), expected, atol=1e-5)
    with pytest.raises(ValueError):  # noqa: PT011  Keras' own words
        _start_from(source_cnn(12), tmp_path / "digits.weights.h5", plan)
