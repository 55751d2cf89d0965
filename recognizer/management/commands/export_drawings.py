from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recognizer import exchange
from recognizer.backing.whole_files import written_whole
from recognizer.models import Drawing, StaffAct
from recognizer.monitoring import audit


class Command(BaseCommand):
    help = "Write labelled drawings to a file: NPZ, or a ZIP file of CSV with PNGs or of IDX."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="overwritten if it exists")
        parser.add_argument(
            "--format",
            choices=exchange.FORMATS,
            default="npz",
            help="npz and csv hold everything; idx holds images and digits only",
        )
        parser.add_argument(
            "--state",
            choices=["approved", "all"],
            default="approved",
            help="only drawings with an approved label, or all, labelled or not",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        drawings = Drawing.objects.approved()
        if options["state"] == "all":
            drawings = Drawing.objects.all()
        total = drawings.count()
        if not total:
            raise CommandError("There are no drawings to export.")

        def say(count: int) -> None:
            self.stdout.write(f"{count:,} of {total:,} drawings")

        path: Path = options["file"]
        audit.note_command(StaffAct.Act.EXPORT, f"{path.name}: {total:,} drawings")
        try:
            with written_whole(path) as unfinished, unfinished.open("wb") as file:
                file.writelines(exchange.export(drawings, options["format"], say))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{path}: {path.stat().st_size:,} bytes.")
