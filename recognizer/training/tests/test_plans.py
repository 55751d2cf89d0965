"""The plan of a retraining, from what its run records."""

from pathlib import Path

import pytest

from ml.contract import DIGITS, NOT_A_DIGIT
from ml.plan import PlanError, WeightedSet
from recognizer.models import ModelVersion, TrainingRun
from recognizer.training.plans import RETRAINING, as_parameters, plan_of

OLD = {"epochs": 4, "learning_rate": 2e-4, "drawings_share": 0.3, "repeats": 15}


def plan_with(parameters):
    base = ModelVersion(
        architecture="residual_cnn", classes=[*DIGITS, NOT_A_DIGIT], reject_above=0.9
    )
    run = TrainingRun(base_version=base, parameters=parameters)
    return plan_of(run, initial=Path("model.weights.h5"), sets=[Path("drawn.npz")])


def test_a_run_is_planned_as_it_records():
    plan = plan_with(as_parameters(RETRAINING) | {"epochs": 7, "drawings": 12})

    assert (plan.epochs, plan.learning_rate, plan.schedule) == (7, 1e-4, "cosine")
    assert (plan.architecture, plan.classes[-1]) == ("residual_cnn", NOT_A_DIGIT)
    assert plan.reject_above == 0.9
    assert plan.sets == (WeightedSet(Path("drawn.npz")),)


def test_a_run_stored_with_older_names_is_planned_as_before():
    plan = plan_with(OLD | {"rivals": 2.0, "most_forgotten": 0.05})

    assert (plan.epochs, plan.learning_rate) == (4, 2e-4)
    assert (plan.sets_share, plan.sets_repeats) == (0.3, 15.0)
    assert (plan.hard_negatives, plan.most_forgotten) == (2.0, 0.05)


def test_a_run_stored_before_these_fields_does_without_them():
    plan = plan_with(OLD)

    assert (plan.hard_negatives, plan.most_forgotten) == (0.0, 0.0)


def test_a_recorded_parameter_of_a_wrong_type_is_named():
    with pytest.raises(PlanError, match="epochs"):
        plan_with(OLD | {"epochs": "many"})
