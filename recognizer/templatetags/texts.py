"""Tags and filters for translated texts in templates."""

from django import template
from django.utils.translation import get_language

from recognizer import __version__
from recognizer.language import formats, javascript_catalogue, run_messages
from recognizer.models import Promotion, Verdict
from recognizer.registry import reasons

register = template.Library()


@register.simple_tag
def js_texts_url() -> str:
    """The URL of the JavaScript catalogue in the page's language; "" if none is needed."""
    return javascript_catalogue.address_in(get_language())


@register.simple_tag
def site_version() -> str:
    """The release that runs."""
    return __version__


@register.filter
def label_words(value: str) -> str:
    """A label's value in the page's language: "7", or "not a digit"."""
    return formats.label_in_words(value)


@register.filter
def verdict_words(verdict: Verdict) -> str:
    """Why a candidate passed or failed."""
    return reasons.of_verdict(verdict)


@register.filter
def promotion_words(promotion: Promotion) -> str:
    """Why a version was promoted."""
    return reasons.of_promotion(promotion)


@register.filter
def run_words_of(stored: str) -> str:
    """A run's stage or error."""
    return run_messages.in_words(stored)
