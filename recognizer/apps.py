from django.apps import AppConfig


class RecognizerConfig(AppConfig):
    """Drawings, what was read in them, and learning from both."""

    name = "recognizer"
    verbose_name = "Handwriting"
