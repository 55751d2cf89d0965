from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recognizer import backups
from recognizer.models import StaffAct
from recognizer.monitoring import audit
from recognizer.running import checks


class Command(BaseCommand):
    help = (
        "Write the database and the files of all model versions to one file. The site can stay up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", type=Path, help="a file, which is overwritten, or a folder")
        parser.add_argument(
            "--incomplete",
            action="store_true",
            help="continue if a version's file is missing or damaged",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checks.reach_database()
            made = backups.make(
                options["target"], self.stdout.write, incomplete=options["incomplete"]
            )
        except (backups.BackupError, checks.NotReadyError) as error:
            raise CommandError(str(error)) from None
        audit.note_command(StaffAct.Act.EXPORT, f"everything, as a backup: {made.path.name}")
        for missing in made.manifest.missing:
            self.stderr.write(f"Not included: {missing}.")
        counted = ", ".join(f"{count:,} {what}" for what, count in made.manifest.counts.items())
        self.stdout.write(f"{made.path}: {made.path.stat().st_size:,} bytes; {counted}.")
        self.stdout.write(
            "The settings, such as SECRET_KEY, are not included. Store them in a different place."
        )
