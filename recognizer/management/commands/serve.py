"""`manage.py serve web`: one part of the site alone, for a container or a service manager."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from recognizer.running import parts


class Command(BaseCommand):
    """Becomes the part, so that signals reach it and its exit code is the part's."""

    help = "Run one part of the site: web, worker or beat. Run `manage.py prepare` first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("part", choices=["web", "worker", "beat"])

    def handle(self, *_: Any, **options: Any) -> None:
        if options["part"] == "web":
            part = parts.web_alone()
        elif options["part"] == "worker":
            part = parts.worker({})
        else:
            part = parts.beat(settings.VAR_DIR / "beat-schedule", {})
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **part.env}
        os.execve(part.command[0], part.command, environment)  # noqa: S606  the command is ours
