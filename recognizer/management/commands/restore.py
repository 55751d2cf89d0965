import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from recognizer import backups
from recognizer.models import StaffAct
from recognizer.monitoring import audit
from recognizer.running import checks, health


class Command(BaseCommand):
    help = "Restore a backup, completely or not at all. Stop the site first, on every host."
    # System checks import every view; `make lint` runs them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace",
            action="store_true",
            help="overwrite a database that is not empty; its data is lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            lock = checks.take_lock(settings.VAR_DIR)
            try:
                checks.reach_database()
                checks.reach_storage()
                manifest = backups.restore(file, self.stdout.write, replace=options["replace"])
            finally:
                os.close(lock)
        except (backups.BackupError, checks.NotReadyError) as error:
            raise CommandError(str(error)) from None
        for missing in manifest.missing:
            self.stderr.write(f"Not included: {missing}.")
        counted = ", ".join(f"{count:,} {what}" for what, count in manifest.counts.items())
        self.stdout.write(f"Restored as of {manifest.made_at}: {counted}.")
        if health.CHECKS["migrations"]().state == health.OK:
            audit.note_command(
                StaffAct.Act.IMPORT, f"everything, from the backup {file.name}, {manifest.made_at}"
            )
        else:
            self.stdout.write("The backup is from an older release. The next start migrates it.")
