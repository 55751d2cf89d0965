"""`python -m ml average`: the mean of several trainings' weights."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.__main__ import main
from ml.contract import DIGITS


def a_training(folder: Path, seed: int, classes: tuple[str, ...] = DIGITS) -> Path:
    """What `python -m ml train` leaves behind, as far as it is read here."""
    import keras

    from ml.learning.architectures import source_cnn

    folder.mkdir()
    keras.utils.set_random_seed(seed)
    source_cnn(len(classes)).save_weights(folder / "model.weights.h5")
    plan = {"architecture": "source_cnn", "classes": classes}
    (folder / "result.json").write_text(json.dumps({"plan": plan}))
    return folder


def test_each_weight_is_the_mean_of_the_trainings(tmp_path: Path) -> None:
    from ml.learning.training import load_network

    runs = [a_training(tmp_path / str(seed), seed) for seed in (1, 2)]
    mean = tmp_path / "mean" / "model.weights.h5"

    assert main(["average", str(mean), *map(str, runs)]) == 0

    first, second, both = (
        load_network("source_cnn", DIGITS, path).get_weights()
        for path in (*(run / "model.weights.h5" for run in runs), mean)
    )
    for one, other, averaged in zip(first, second, both, strict=True):
        np.testing.assert_allclose(averaged, (one + other) / 2, atol=1e-6)


def test_trainings_of_different_classes_have_no_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [a_training(tmp_path / "1", 1), a_training(tmp_path / "2", 2, ("0", "1"))]

    assert main(["average", str(tmp_path / "mean.weights.h5"), *map(str, runs)]) == 1

    assert "not of one network" in capsys.readouterr().err
    assert not (tmp_path / "mean.weights.h5").exists()
