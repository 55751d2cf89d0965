"""Honest confidence: a temperature and a threshold, both chosen on validation images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.contract import Scores

DIGITS_LOST = 0.0003
"""The share of validation digits that the refusal of other drawings may cost.

A refused digit costs whoever drew it a drawing; a letter that passes is shown with what confidence
"not a digit" leaves it: little.
"""

_TEMPERATURES = np.geomspace(0.3, 3.0, 231)


def fit_temperature(scores: Scores, targets: NDArray[np.int64]) -> float:
    """The temperature at which the scores' log loss is least.

    Args:
        scores: (n, classes) probabilities, as a softmax gave them.
        targets: (n,) true classes.

    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural
    networks", 2017.
    """
    logits = np.log(np.maximum(scores.astype(np.float64), 1e-12))
    rows = np.arange(len(targets))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(scaled).sum(axis=1))
        return float((log_total - scaled[rows, targets]).mean())

    return float(min(_TEMPERATURES, key=loss))


def choose_threshold(not_a_digit: NDArray[np.floating[Any]], lost_share: float) -> float:
    """The score of "not a digit" that `lost_share` of true digits exceed.

    Args:
        not_a_digit: (n,) that score for validation drawings that are digits.
        lost_share: how many true digits may be refused, 0 to 1.
    """
    return float(np.quantile(not_a_digit, 1.0 - lost_share))
