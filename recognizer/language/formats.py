"""How numbers and labels are written in the person's language; knows no models."""

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from ml.contract import NOT_A_DIGIT


def grouped(number: int) -> str:
    """12345 -> "12,345", or "12.345" in German."""
    return f"{number:,}".replace(",", get_format("THOUSAND_SEPARATOR"))


def with_decimals(text: str) -> str:
    """ "99.3 %" -> "99,3 %" in German."""
    return text.replace(".", get_format("DECIMAL_SEPARATOR"))


def label_in_words(value: str) -> str:
    """A label's value as people read it: "7", or "not a digit" in their language."""
    return _("not a digit") if value == NOT_A_DIGIT else value
