"""`manage.py judge`: the old name of `manage.py evaluate`."""

from recognizer.management.commands.evaluate import Command

__all__ = ["Command"]
