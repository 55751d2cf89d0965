"""A prediction in words, in the reader's language."""

from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer.language.formats import with_decimals


class Predicted(Protocol):
    """The part of a prediction that its words need."""

    @property
    def text(self) -> str: ...
    @property
    def rejected(self) -> str: ...


_NOT_READ = {
    "not_a_digit": gettext_lazy("Not a digit"),
    "too_small": gettext_lazy("Too small to read"),
}


def percent(share: float) -> str:
    """0.9934 -> "99.3 %". As in bars.js, only 1.0 is shown as 100.0 %."""
    return with_decimals(f"{min(share * 100, 99.9 if share < 1 else 100):.1f} %")


def prediction_in_words(prediction: Predicted | None) -> str:
    """ "Read as 7", or why the drawing was not read."""
    if prediction is None:
        return _("Not read")
    if prediction.text:
        return _("Read as %(text)s") % {"text": prediction.text}
    return str(_NOT_READ.get(prediction.rejected, _("Not read")))
