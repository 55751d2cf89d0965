from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devtools import golden
from ml.contract import DIGITS, Ink
from ml.data.dataset import (
    Dataset,
    DatasetError,
    concatenate,
    load_inks,
    load_mnist,
    load_set,
    only_classes,
    save_strokes,
    split_validation,
)
from ml.drawing.pictures import as_picture, decode_picture
from ml.drawing.preprocessing import preprocess
from ml.drawing.tests.pictures import encoded, picture_of


def small_set(writers: list[str], labels: list[str] | None = None) -> Dataset:
    count = len(writers)
    return Dataset(
        np.zeros((count, 28, 28), np.uint8),
        np.array(labels or ["1"] * count),
        np.array(writers),
        np.ones(count, np.float32),
        np.zeros(count, bool),
        {"small": "0" * 64},
    )


def test_no_writer_is_on_both_sides_of_a_split() -> None:
    dataset = small_set([f"w{i % 20}" for i in range(400)])
    kept, held_out = split_validation(dataset, 0.25, seed=3)
    assert len(kept) + len(held_out) == 400
    assert not set(dataset.writers[kept]) & set(dataset.writers[held_out])
    assert len(held_out) == 100


def test_samples_without_a_writer_are_split_one_by_one() -> None:
    kept, held_out = split_validation(small_set([""] * 200), 0.1, seed=3)
    assert (len(kept), len(held_out)) == (180, 20)


def test_a_split_is_the_same_every_time_and_another_with_another_seed() -> None:
    dataset = small_set([""] * 200)
    first, again, other = (split_validation(dataset, 0.1, seed)[1] for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_strokes_saved_and_loaded_are_preprocessed_as_in_serving(tmp_path: Path) -> None:
    inks = [golden.ink(digit) for digit in DIGITS]
    save_strokes(tmp_path / "set.npz", inks, list(DIGITS), ["w"] * 10)
    loaded = load_set(tmp_path / "set.npz")
    assert loaded.labels.tolist() == list(DIGITS)
    assert set(loaded.writers) == {"w"}
    assert loaded.by_pen.all()
    for image, ink in zip(loaded.images, inks, strict=True):
        assert (image == np.round(preprocess(ink) * 255)).all()


def test_a_picture_is_of_a_pen_only_where_its_set_says_so(tmp_path: Path) -> None:
    images = np.stack([as_picture(golden.ink(digit), 14).pixels for digit in "12"])
    labels = np.array(["1", "2"])
    np.savez(tmp_path / "silent.npz", images=images, labels=labels)
    np.savez(tmp_path / "telling.npz", images=images, labels=labels, by_pen=np.array([True, False]))
    assert load_set(tmp_path / "silent.npz").by_pen.tolist() == [False, False]
    assert load_set(tmp_path / "telling.npz").by_pen.tolist() == [True, False]


def test_pictures_of_either_polarity_and_number_labels_are_read(tmp_path: Path) -> None:
    light = np.zeros((40, 40), np.uint8)
    light[8:30, 18:24] = 255
    np.savez(tmp_path / "set.npz", images=np.stack([light, 255 - light]), labels=np.array([1, 1]))
    loaded = load_set(tmp_path / "set.npz")
    assert loaded.labels.tolist() == ["1", "1"]
    assert (loaded.images[0] == loaded.images[1]).all()
    assert loaded.images[0].max() == 255


def test_a_grey_photograph_is_levelled_as_an_upload_is(tmp_path: Path) -> None:
    photograph = picture_of("4", ink=70, paper=190).resize((280, 280))
    np.savez(tmp_path / "set.npz", images=np.asarray(photograph)[None], labels=np.array(["4"]))
    (image,) = load_set(tmp_path / "set.npz").images
    uploaded = preprocess(decode_picture(encoded(photograph)))
    assert np.median(image) == 0
    assert (image == np.round(uploaded * 255)).all()


def test_samples_without_ink_are_left_out(tmp_path: Path) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    images[1, 5:20, 12:15] = 200
    np.savez(tmp_path / "set.npz", images=images, labels=np.array(["0", "1", "2"]))
    assert load_set(tmp_path / "set.npz").labels.tolist() == ["1"]


def test_files_in_another_format_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "noise.npz").write_bytes(b"PK" + bytes(50))
    np.savez(tmp_path / "labels.npz", labels=np.array(["1"]))
    np.savez(tmp_path / "images.npz", images=np.zeros((1, 28, 28), np.uint8))
    for name, words in [
        ("noise.npz", "cannot be read as a data set"),
        ("missing.npz", "cannot be read as a data set"),
        ("labels.npz", "holds neither images nor points"),
        ("images.npz", "holds no labels"),
    ]:
        with pytest.raises(DatasetError, match=words):
            load_set(tmp_path / name)


def test_a_label_that_is_no_class_is_an_error_unless_left_out() -> None:
    dataset = small_set(["", ""], labels=["1", "x"])
    with pytest.raises(DatasetError, match="No such class: x"):
        dataset.targets(DIGITS)
    assert only_classes(dataset, DIGITS).targets(DIGITS).tolist() == [1]


def test_sources_of_all_parts_are_remembered() -> None:
    other = replace(small_set([""]), sources={"other": "1"})
    assert concatenate([small_set([""]), other]).sources == {"small": "0" * 64, "other": "1"}


def test_a_missing_or_foreign_mnist_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is missing"):
        load_mnist(tmp_path, "train")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"else")
    with pytest.raises(DatasetError, match="wrong SHA-256"):
        load_mnist(tmp_path, "train")


def test_samples_that_nobody_approved_are_not_learned_from(tmp_path: Path) -> None:
    inks = [golden.ink(digit) for digit in "123"]
    save_strokes(tmp_path / "set.npz", inks, list("123"), ["a", "b", "c"])
    with np.load(tmp_path / "set.npz") as file:
        arrays = {name: file[name] for name in file.files}
    states = np.array(["approved", "suggested", "approved"])
    np.savez(tmp_path / "stated.npz", **arrays, label_states=states)
    assert load_set(tmp_path / "stated.npz").labels.tolist() == ["1", "3"]
    strokes = load_inks(tmp_path / "stated.npz")
    assert strokes is not None
    kept, labels, writers = strokes
    assert (len(kept), labels.tolist(), writers.tolist()) == (2, ["1", "3"], ["a", "c"])


def test_a_sample_without_strokes_is_read_from_its_bitmap(tmp_path: Path) -> None:
    ink = golden.ink("7")
    bitmap = np.round(preprocess(ink) * 255).astype(np.uint8)
    save_strokes(tmp_path / "set.npz", [Ink((), 100, 120), ink], ["7", "7"], ["", ""])
    with np.load(tmp_path / "set.npz") as file:
        arrays = {name: file[name] for name in file.files}
    bitmaps = np.stack([bitmap, bitmap])
    np.savez(tmp_path / "both.npz", **arrays, bitmaps=bitmaps)
    loaded = load_set(tmp_path / "both.npz")
    assert loaded.labels.tolist() == ["7", "7"]
    # Normalised once more, as every picture is.
    difference = np.abs(loaded.images[0].astype(int) - loaded.images[1].astype(int))
    assert difference.mean() < 10
    strokes = load_inks(tmp_path / "both.npz")
    assert strokes is not None
    assert len(strokes[0]) == len(strokes[1]) == len(strokes[2]) == 1
