"""The plan of a retraining: its defaults, what a run records of it, and the plan of a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ml import pretrained
from ml.plan import Plan, WeightedSet, plan_from_json
from recognizer.models import TrainingRun

RETRAINING = Plan(
    schedule="cosine",
    learning_rate=1e-4,
    # The rest of an epoch replays older data.
    sets_share=0.2,
    sets_repeats=20.0,
    hard_negatives=3.0,
    # The gate would refuse a candidate that forgot more.
    most_forgotten=0.02,
)
"""How a retraining goes, apart from what its run, base version and drawings decide."""

_RECORDED = (
    "epochs",
    "learning_rate",
    "sets_share",
    "sets_repeats",
    "hard_negatives",
    "most_forgotten",
)
"""The fields that `TrainingRun.parameters` holds."""

_OLD_NAMES = {
    "sets_share": "drawings_share",
    "sets_repeats": "repeats",
    "hard_negatives": "rivals",
}
"""What runs stored before call them."""

_BEFORE = {"hard_negatives": 0.0, "most_forgotten": 0.0}
"""What applies to runs stored before these fields were recorded."""


def as_parameters(plan: Plan) -> dict[str, Any]:
    """What a run records of its plan."""
    return {name: getattr(plan, name) for name in _RECORDED}


def plan_of(run: TrainingRun, *, initial: Path, sets: list[Path]) -> Plan:
    """The plan of a run, also of one stored with older names.

    Raises:
        PlanError: a recorded parameter has the wrong type.
        KeyError: one is missing.
    """
    base, recorded = run.base_version, plan_from_json(_recorded(run.parameters))
    return replace(
        RETRAINING,
        **as_parameters(recorded),
        architecture=base.architecture,
        classes=tuple(base.classes),
        # The base was calibrated on far more validation images than there are here.
        reject_above=base.reject_above,
        initial=initial,
        replay=pretrained.REPLAY,
        sets=tuple(map(WeightedSet, sets)),
    )


def _recorded(parameters: dict[str, Any]) -> dict[str, Any]:
    named = {new: parameters[old] for new, old in _OLD_NAMES.items() if old in parameters}
    found = _BEFORE | named | parameters
    return {name: found[name] for name in _RECORDED}
