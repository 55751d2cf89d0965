"""Fixtures that all tests of the app share."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import translation

from ml import pretrained
from recognizer.models import ModelVersion
from recognizer.monitoring import request_ids
from recognizer.registry import active_model, promotion
from recognizer.tests.candidates import save_few_mnist_images


@pytest.fixture(autouse=True)
def _nothing_left_over() -> None:
    """Forget the last test's model and counts: each test has a database of its own."""
    active_model.forget()
    cache.clear()
    request_ids.current.set("")
    translation.deactivate()


@pytest.fixture(scope="session")
def _few_mnist_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_few_mnist_images(tmp_path_factory.mktemp("mnist") / "few.npz")


@pytest.fixture
def few_mnist_images(_few_mnist_images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare versions on 40 of MNIST's test images instead of 10,000."""
    monkeypatch.setattr(pretrained, "MNIST_TEST", _few_mnist_images)


@pytest.fixture
def shipped_model(db: None) -> ModelVersion:
    """The model that ships with the project, registered and active."""
    return promotion.register_shipped_model()
