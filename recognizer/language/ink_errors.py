"""Translates the errors that `ml` raises for drawings that cannot be read."""

from django.utils.translation import gettext, gettext_noop

from ml.contract import InkError

REASONS = {
    gettext_noop("%(count)s strokes; at most %(most)s are read."),
    gettext_noop("%(count)s points; at most %(most)s are read."),
    gettext_noop("%(name)s must be 1 to %(most)s pixels, not %(value)s."),
    gettext_noop("Stroke %(index)s: a point is [x, y] or [x, y, t]."),
    gettext_noop("Stroke %(index)s: a coordinate is not a finite number."),
    gettext_noop("Stroke %(index)s: a point lies off the %(width)s x %(height)s canvas."),
    gettext_noop("Stroke %(index)s: a time lies outside 0 to %(most)s ms."),
    gettext_noop("This is not a PNG or JPEG picture."),
    gettext_noop("The picture has more than %(most)s pixels."),
    gettext_noop("The picture is damaged and cannot be read."),
    gettext_noop(
        "The picture is %(width)s x %(height)s pixels; at least %(least)s x %(least)s are needed."
    ),
}
"""The messages of `ml.drawing.strokes` and `ml.drawing.pictures` about invalid input."""


def in_words(error: InkError) -> str:
    """The reason in the reader's language, or in English if it has no translation."""
    if error.reason not in REASONS:
        return str(error)
    return gettext(error.reason) % error.values if error.values else gettext(error.reason)
