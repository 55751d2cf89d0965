"""What a template needs to show one drawing."""

from dataclasses import dataclass

from ml.contract import Ink
from recognizer.drawings.rendering import MOST_POINTS, Rendering, render_strokes
from recognizer.language.predictions import percent, prediction_in_words
from recognizer.models import Drawing, Label, Prediction


@dataclass(frozen=True)
class Card:
    """A drawing from `for_history`; `strokes` is None if it was uploaded as a picture."""

    drawing: Drawing
    strokes: Rendering | None

    @classmethod
    def of(cls, drawing: Drawing, most_points: int = MOST_POINTS) -> "Card":
        drawn = drawing.drawn() if drawing.ink is not None else None
        return cls(drawing, render_strokes(drawn, most_points) if isinstance(drawn, Ink) else None)

    @property
    def prediction(self) -> Prediction | None:
        return self.drawing.predictions.served()

    @property
    def label(self) -> Label | None:
        return self.drawing.labels.current()

    @property
    def reading(self) -> str:
        return prediction_in_words(self.prediction)

    @property
    def percent(self) -> str:
        return percent(self.prediction.confidence) if self.prediction else ""

    @property
    def name(self) -> str:
        """The drawing's title, or else its prediction."""
        return self.drawing.title or self.reading
