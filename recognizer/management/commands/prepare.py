"""`manage.py prepare`: prepare a new release before its first process starts."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from recognizer.running import checks, preparation

SECONDS_TO_REACH_DATABASE = 60


class Command(BaseCommand):
    """Repeats nothing that is done already. May run while the old release still serves."""

    help = "Migrate the database and register the shipped model. Run it before `serve`."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--share-static",
            type=Path,
            metavar="FOLDER",
            help="copy the static files to the folder from which a proxy serves all releases",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            _wait_for_database()
            checks.reach_storage()
            with preparation.one_host_at_a_time():
                preparation.migrate(self.stdout.write)
                preparation.register_model(self.stdout.write)
            if options["share_static"]:
                preparation.share_static(options["share_static"], self.stdout.write)
        except checks.NotReadyError as error:
            sys.exit(f"manage.py prepare: {error}")


def _wait_for_database() -> None:
    deadline = time.monotonic() + SECONDS_TO_REACH_DATABASE
    while True:
        try:
            return checks.reach_database()
        except checks.NotReadyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
