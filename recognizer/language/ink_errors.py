"""Why a drawing cannot be read, in the person's language; `ml` says it in English."""

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
"""What `ml.drawing.strokes` and `ml.drawing.pictures` say of what a client sends."""


def in_words(error: InkError) -> str:
    """The reason as the person reads it; in English where nobody has translated it."""
    if error.reason not in REASONS:
        return str(error)
    return gettext(error.reason) % error.values if error.values else gettext(error.reason)
