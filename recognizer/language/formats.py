"""Formats numbers and labels in the reader's language. Does not depend on the models."""

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
    """A label's value: "7", or "not a digit" in the reader's language."""
    return _("not a digit") if value == NOT_A_DIGIT else value
