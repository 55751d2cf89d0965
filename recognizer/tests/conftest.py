"""What tests of the app share."""

import pytest

from recognizer import active_model, promotion
from recognizer.models import ModelVersion


@pytest.fixture(autouse=True)
def _no_model_left_over() -> None:
    """Each test has a database of its own, so what the last one loaded does not hold."""
    active_model.forget()


@pytest.fixture
def shipped_model(db: None) -> ModelVersion:
    """The model that ships with the project, registered and active."""
    return promotion.register_shipped_model()
