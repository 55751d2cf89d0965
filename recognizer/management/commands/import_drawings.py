from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from recognizer import exchange
from recognizer.models import StaffAct
from recognizer.monitoring import audit


class Command(BaseCommand):
    help = "Import all drawings of an exported file (NPZ, CSV with PNGs, or IDX), or none of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--approve",
            action="store_true",
            help="approve labels that are approved in the file; otherwise they wait for review",
        )
        parser.add_argument(
            "--by", metavar="USERNAME", help="the user who gives and approves the labels"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                imported = exchange.import_drawings(
                    file,
                    exchange.ON_THE_COMMAND_LINE,
                    by=_user(options["by"]),
                    approve=options["approve"],
                    progress=lambda stage, count: self.stdout.write(f"{count:,} {stage}"),
                )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except exchange.ExchangeError as error:
            raise CommandError(f"Nothing was imported. {error}") from None
        counted = f"{imported.created:,} drawings from {path.name}"
        audit.note_command(StaffAct.Act.IMPORT, counted)
        self.stdout.write(
            f"{imported.created:,} drawings imported, {imported.skipped:,} already present."
        )


def _user(username: str | None) -> User | None:
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username}.")
    return user
