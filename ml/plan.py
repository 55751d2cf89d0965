"""The parameters of a training, and the JSON file that holds them."""

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ml.contract import DIGITS, JSON

_T = TypeVar("_T")


class PlanError(ValueError):
    """A plan that cannot be read; the message names the field."""


@dataclass(frozen=True)
class Augmentation:
    """How far a bitmap may be bent; each amount is drawn uniformly from ± its value."""

    rotation_deg: float = 10.0
    shift: float = 0.10
    zoom: float = 0.10
    shear: float = 0.10
    elastic_px: float = 0.0
    pen_clockwise_deg: Mapping[str, float] = field(default_factory=dict)
    """By label, around which angle the rotation lies of what a pen drew, where that is not 0."""
    untouched: float = 0.0
    """Share of the bitmaps that stay as they are. To bend one blurs it, and its edges say whether
    a pen drew it on a canvas or it was scanned."""
    untouched_moved_px: int = 0
    """By how many whole pixels, at most, those that stay are moved each way; that blurs nothing."""


AUGMENTATIONS = {
    "source": Augmentation(),
    "turned": Augmentation(rotation_deg=15.0),
    # Turned left, an uncrossed 7 is what many hands write for a 1; turned right, theirs is a 7.
    # Which of both such a shape is has to be settled: on a canvas people write it for a 1, nobody
    # for a 7. MNIST's hands write no such 1; theirs, known by their scanned ink, are let be.
    "hands": Augmentation(
        rotation_deg=15.0,
        shift=0.06,
        zoom=0.12,
        shear=0.15,
        untouched=0.5,
        untouched_moved_px=2,
        pen_clockwise_deg={"1": 10.0, "7": 8.0},
    ),
    "moderate": Augmentation(rotation_deg=12.0, shift=0.07, zoom=0.12, shear=0.18, elastic_px=0.4),
    "strong": Augmentation(rotation_deg=15.0, shift=0.07, zoom=0.15, shear=0.25, elastic_px=0.9),
}


@dataclass(frozen=True)
class WeightedSet:
    """An NPZ set, its samples drawn `weight` times as often as others."""

    path: Path
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """All parameters of a training. Where the result goes is not one of them."""

    architecture: str = "source_cnn"
    classes: tuple[str, ...] = DIGITS
    epochs: int = 60
    batch_size: int = 128
    epoch_samples: int = 0
    """Samples drawn an epoch; 0 is as many as the set holds."""
    learning_rate: float = 5e-4
    plateau_patience: int = 3
    stop_patience: int = 10
    smallest_learning_rate: float = 1e-6
    schedule: Literal["plateau", "cosine"] = "plateau"
    """"plateau": halved when validation stalls. "cosine": to zero over the epochs."""
    keep: Literal["best", "last"] = "best"
    """"best": the epoch of the least validation loss. "last": where a cosine schedule ends."""
    label_smoothing: float = 0.0
    ema_momentum: float = 0.0
    """Of the averaged weights that are evaluated and kept; 0 keeps the raw ones."""
    seed: int = 1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    most_forgotten: float = 0.0
    """How much a fine-tuning may lose of what was known; see `ml.learning.training.blend`."""
    teachers_share: float = 0.0
    """Of the targets, how much is what the teachers answer."""
    second_loss: float = 0.0
    """How much it counts to tell a pen's 1 or 7 from a scanned one; see `ml.learning.auxiliary`."""
    dropout: float = 1.0
    """How much of the architecture's own dropout there is, 0 to 1."""
    augmentation: Augmentation = field(default_factory=Augmentation)

    # What follows is not in the "plan" of a result.json, which records it elsewhere.
    mnist: Path | None = None
    """The folder that holds MNIST's files."""
    replay: Path | None = None
    """Bitmaps to mix in, as `ml/pretrained` ships."""
    sets: tuple[WeightedSet, ...] = ()
    sets_share: float | None = None
    """How much of each epoch the sets make up, between 0 and 1; None leaves their weights."""
    sets_repeats: float = 20.0
    """The weight that `sets_share` may give a sample at most."""
    validation_share: float = 0.1
    split_seed: int | None = None
    """Decides which samples are validated on; None is `seed`."""
    synthetic_others: int = 0
    """Synthetic letters and scribbles, for the class "not a digit"."""
    synthetic_digits: int = 0
    redraw: int = 0
    """With how many pens each sample is drawn again."""
    turn_strokes: bool = False
    """Whether sets of pen strokes are also seen turned, before they are drawn."""
    bend: int = 0
    """How many times each sample is also seen bent."""
    hard_negatives: float = 0.0
    """For each sample of the sets that `initial` misreads, so many older ones of what it was
    taken for are seen too."""
    initial: Path | None = None
    """Weights to start from, to fine-tune."""
    teachers: tuple[Path, ...] = ()
    """Weights of networks whose answers are mixed into the targets."""
    reject_above: float | None = None
    """Keeps this threshold and the confidence as it is; None calibrates both."""
    test: Path | None = None
    """MNIST test bitmaps; None is the shipped ones."""


_IN_RESULTS = [one.name for one in fields(Plan)][
    : [one.name for one in fields(Plan)].index("mnist")
]


def as_recorded(plan: Plan) -> JSON:
    """What a result.json holds as its "plan": no paths, and the keys that it always had."""
    everything = asdict(plan)
    return {name: everything[name] for name in _IN_RESULTS}


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as the JSON file that `read_plan` reads."""
    path.write_text(json.dumps(asdict(plan), indent=1, default=str) + "\n")


def read_plan(path: Path) -> Plan:
    """The plan in a JSON file; fields that it leaves out have their defaults.

    Raises:
        PlanError: it is no JSON object, or a field is unknown or of another type.
    """
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise PlanError(f"{path.name} is not JSON: {error}") from error
    return plan_from_json(content)


def plan_from_json(content: object) -> Plan:
    """The plan that plain data describes.

    Raises:
        PlanError: as `read_plan`.
    """
    return _record(Plan, content, "plan")


def _record(kind: type[_T], content: object, name: str) -> _T:
    if not isinstance(content, dict):
        raise PlanError(f"{name}: expected an object, not {content!r}.")
    prefix = "" if kind is Plan else f"{name}."
    hints = get_type_hints(kind)
    for key in content:
        if key not in hints:
            raise PlanError(f"{prefix}{key}: there is no such field.")
    values = {key: _value(hints[key], given, prefix + key) for key, given in content.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise PlanError(f"{name}: a field is missing: {error}") from error


def _value(kind: Any, given: object, name: str) -> Any:
    """The value of a field, converted to its type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if given is None else _value(inner[0], given, name)
    if origin is Literal and given in inner:
        return given
    if origin is tuple and isinstance(given, list):
        return tuple(_value(inner[0], one, f"{name}[{at}]") for at, one in enumerate(given))
    if origin is Mapping and isinstance(given, dict):
        return {key: _value(inner[1], one, f"{name}.{key}") for key, one in given.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, given, name)
    if kind is Path and isinstance(given, str):
        return Path(given)
    if kind is float and type(given) in (int, float):
        return float(given)  # type: ignore[arg-type]
    if type(given) is kind:
        return given
    wanted = kind.__name__ if isinstance(kind, type) and not inner else str(kind)
    raise PlanError(f"{name}: expected {wanted}, not {given!r}.")
