"""Drawings, predictions and labels as shown to staff."""

import base64
from datetime import datetime
from uuid import UUID

import numpy as np
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.contract import NOT_A_DIGIT, Ink, Stroke
from recognizer.language.formats import with_decimals
from recognizer.models import Drawing, Label, Prediction

_WHY = {
    "blank": gettext_lazy("blank"),
    "too_faint": gettext_lazy("too faint"),
    "too_small": gettext_lazy("too small"),
    "not_a_digit": gettext_lazy("not a digit"),
}

PEN_SHARE = 0.035
"""Pen width in the large picture, as a share of the canvas."""


def thumbnail(drawing: Drawing) -> SafeString:
    """The 28x28 bitmap that the model saw; its CSS class sets the size."""
    return format_html(
        '<img class="hw-thumbnail" src="{}" width="28" height="28" alt="{}">',
        drawing.thumbnail_data_url,
        drawing,
    )


def as_drawn(drawing: Drawing) -> SafeString:
    """The original strokes or picture, large."""
    drawn = drawing.drawn()
    if isinstance(drawn, Ink):
        return _strokes(drawn)
    return format_html(
        '<img class="hw-drawn" src="{}" alt="{}">',
        picture_data_url(drawing),
        _("The picture that was sent"),
    )


def picture_data_url(drawing: Drawing) -> str:
    """The picture of a drawing that was uploaded as one."""
    assert drawing.picture is not None  # a drawing without ink has a picture
    return "data:image/png;base64," + base64.b64encode(bytes(drawing.picture)).decode()


def _strokes(ink: Ink) -> SafeString:
    width = PEN_SHARE * min(ink.width, ink.height)
    lines = format_html_join(
        "",
        '<polyline points="{}" stroke-width="{}"/>',
        ((_points(stroke), f"{width:.2f}") for stroke in ink.strokes),
    )
    return format_html(
        '<svg class="hw-drawn" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        ink.width,
        ink.height,
        _("The strokes as drawn"),
        lines,
    )


def _points(stroke: Stroke) -> str:
    # A line with one point is not painted; a line from a point to itself is a dot.
    points = stroke if len(stroke) > 1 else np.repeat(stroke, 2, axis=0)
    return " ".join(f"{x:g},{y:g}" for x, y in points[:, :2])


def reading(prediction: Prediction | None) -> str:
    """A prediction in words."""
    if prediction is None:
        return "-"
    if prediction.text:
        return prediction.text
    return _("rejected (%(why)s)") % {"why": _WHY.get(prediction.rejected, prediction.rejected)}


def giver(label: Label) -> str:
    """Who gave a label."""
    if label.given_by is not None:
        return label.given_by.get_username()
    return visitor_name(label.visitor)


def visitor_name(visitor: UUID | None) -> str:
    """An anonymous visitor, named by the first characters of their id."""
    return _("visitor %(id)s") % {"id": visitor.hex[:8]} if visitor else "-"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage; never rounded up to 100 %."""
    if share is None:
        return "-"
    if share < 1.0:
        share = min(share, 1.0 - 10.0 ** -(digits + 2))
    return with_decimals(f"{share * 100:.{digits}f} %")


def short_time(moment: datetime) -> SafeString:
    """A time in a shorter form than Django's, so that a row fits beside the filters."""
    local = localtime(moment)
    return format_html(
        '<span class="hw-nowrap">{}</span> {}', f"{local:%Y-%m-%d}", f"{local:%H:%M}"
    )


def agrees(value: str, prediction: Prediction | None) -> bool:
    """Whether a label matches a prediction; a rejection matches "not a digit"."""
    if prediction is None:
        return False
    return value == (prediction.text or NOT_A_DIGIT)
