"""A version with the class "not a digit" refuses, says why, and keeps the drawing all the same."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from devtools import golden
from ml import pretrained
from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.api.tests.test_api import DRAWINGS, PREDICT, answer, patch, post
from recognizer.models import ModelVersion, Prediction
from recognizer.registry import promotion

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def eleven_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real exported network with eleven outputs; untrained, the threshold alone decides."""
    from ml.learning.architectures import source_cnn
    from ml.learning.export import export

    folder = tmp_path_factory.mktemp("eleven")
    network = source_cnn(11)
    network.save_weights(folder / pretrained.WEIGHTS.name)
    export(network, folder / pretrained.ARTIFACT.name)
    return folder


@pytest.fixture
def refusing_over(eleven_classes: Path, tmp_path: Path) -> Callable[[float], ModelVersion]:
    def activate(threshold: float) -> ModelVersion:
        folder = shutil.copytree(eleven_classes, tmp_path / "result")
        result = pretrained.result()
        result["plan"] |= {"classes": [*DIGITS, NOT_A_DIGIT], "architecture": "source_cnn"}
        result["calibration"] = {"temperature": 1.0, "reject_above": threshold}
        (folder / pretrained.RESULT.name).write_text(json.dumps(result))
        version = promotion.register(folder, run=None)
        promotion.promote(version, by=None)
        return version

    return activate


def test_a_drawing_over_the_threshold_is_refused_with_a_reason_and_can_be_saved(
    client: Client, refusing_over: Callable[[float], ModelVersion]
) -> None:
    refusing_over(0.0)
    body = answer(post(client, PREDICT, golden.body("7")))
    assert (body["text"], body["rejected"]["code"]) == ("", "not_a_digit")
    assert "not look like a digit" in body["rejected"]["message"]
    assert list(body["symbols"][0]["probabilities"]) == list(DIGITS)
    assert body["symbols"][0]["label"] in DIGITS
    stored = answer(post(client, DRAWINGS, golden.body("7")), 201)
    assert stored["prediction"] == body
    assert Prediction.objects.get().rejected == "not_a_digit"


def test_a_drawing_under_the_threshold_is_read(
    client: Client, refusing_over: Callable[[float], ModelVersion]
) -> None:
    version = refusing_over(1.0)
    assert version.symbols == list(DIGITS)
    body = answer(post(client, PREDICT, golden.body("7")))
    assert body["rejected"] is None
    assert body["text"] in DIGITS


def test_not_a_digit_is_one_label_among_the_others(
    client: Client, refusing_over: Callable[[float], ModelVersion]
) -> None:
    refusing_over(0.0)
    drawing_id = answer(post(client, DRAWINGS, golden.body("7")), 201)["id"]
    refused = answer(patch(client, drawing_id, {"label": "x"}), 400)["label"][0]
    assert refused.count(NOT_A_DIGIT) == 1
    assert answer(patch(client, drawing_id, {"label": NOT_A_DIGIT}))["label"]["value"] == (
        NOT_A_DIGIT
    )
