"""The tables: drawings, predictions, labels, reviews, shares, versions, runs, verdicts, tokens."""

from recognizer.models.api_token import ApiToken
from recognizer.models.drawing import Drawing
from recognizer.models.label import Label
from recognizer.models.model_version import ModelVersion
from recognizer.models.prediction import Prediction
from recognizer.models.promotion import Promotion
from recognizer.models.review import Review
from recognizer.models.share import Share
from recognizer.models.staff_act import StaffAct
from recognizer.models.training_example import TrainingExample
from recognizer.models.training_run import TrainingRun
from recognizer.models.verdict import Verdict
from recognizer.models.verdict_drawing import VerdictDrawing

__all__ = [
    "ApiToken",
    "Drawing",
    "Label",
    "ModelVersion",
    "Prediction",
    "Promotion",
    "Review",
    "Share",
    "StaffAct",
    "TrainingExample",
    "TrainingRun",
    "Verdict",
    "VerdictDrawing",
]
