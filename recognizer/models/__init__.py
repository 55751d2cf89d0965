"""Drawings and what was read in them; labels; model versions and the runs that made them."""

from recognizer.models.drawing import Drawing
from recognizer.models.label import Label
from recognizer.models.model_version import ModelVersion, Promotion
from recognizer.models.prediction import Prediction
from recognizer.models.training_run import TrainingExample, TrainingRun
from recognizer.models.verdict import Verdict, VerdictDrawing

__all__ = [
    "Drawing",
    "Label",
    "ModelVersion",
    "Prediction",
    "Promotion",
    "TrainingExample",
    "TrainingRun",
    "Verdict",
    "VerdictDrawing",
]
