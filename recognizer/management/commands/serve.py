"""`manage.py serve web`: run one part of the site, for a container or a service manager."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from recognizer.running import parts


class Command(BaseCommand):
    """Replaces itself with the part, which so receives signals and sets the exit code."""

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
