"""What templates need to speak a language."""

from django import template
from django.utils.translation import get_language

from recognizer import js_texts, wording

register = template.Library()


@register.simple_tag
def js_texts_url() -> str:
    """Where the texts of scripts are in the language of this page; "" where none is needed."""
    return js_texts.address_in(get_language())


@register.filter
def label_words(value: str) -> str:
    """A label's value as people read it: "7", or "not a digit" in their language."""
    return wording.label_in_words(value)
