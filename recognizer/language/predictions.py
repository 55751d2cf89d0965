"""What was read and what is said of it, as people on the site read it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recognizer.language.formats import with_decimals
from recognizer.models import Prediction

_NOT_READ = {
    "not_a_digit": gettext_lazy("Not a digit"),
    "too_small": gettext_lazy("Too small to read"),
}


def percent(share: float) -> str:
    """0.9934 -> "99.3 %"; what is not certain is never shown as 100.0 %, as in bars.js."""
    return with_decimals(f"{min(share * 100, 99.9 if share < 1 else 100):.1f} %")


def reading_in_words(prediction: Prediction | None) -> str:
    """ "Read as 7", or why it was not read."""
    if prediction is None:
        return _("Not read")
    if prediction.text:
        return _("Read as %(text)s") % {"text": prediction.text}
    return str(_NOT_READ.get(prediction.rejected, _("Not read")))
