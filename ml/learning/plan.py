"""How a training goes: all that decides it, in one record."""

from dataclasses import asdict, dataclass, field

from ml.contract import DIGITS, JSON
from ml.data.augmentation import Augmentation


@dataclass(frozen=True)
class Plan:
    """Everything that decides how a training goes, and is recorded with its result."""

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
    schedule: str = "plateau"
    """"plateau": halved when validation stalls. "cosine": to zero over the epochs."""
    keep: str = "best"
    """"best": the epoch of the least validation loss. "last": where a cosine schedule ends."""
    label_smoothing: float = 0.0
    ema_momentum: float = 0.0
    """Of the averaged weights that are judged and kept; 0 keeps the raw ones."""
    seed: int = 1
    precision: str = "float32"
    most_forgotten: float = 0.0
    """How much a fine-tuning may lose of what was known; see `blend`."""
    teachers_share: float = 0.0
    """Of the targets, how much is what the teachers answer."""
    second_loss: float = 0.0
    """How much it counts to tell a pen's 1 or 7 from a scanned one; see `ml.learning.auxiliary`."""
    dropout: float = 1.0
    """How much of the architecture's own dropout there is, 0 to 1."""
    augmentation: Augmentation = field(default_factory=Augmentation)


def plan_as_json(plan: Plan) -> JSON:
    """The plan as plain data, for the record."""
    return asdict(plan)
