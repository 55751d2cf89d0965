import os
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recognizer.models import Drawing
from recognizer.sample_data import filling


class Command(BaseCommand):
    help = (
        "Fill an empty database with made-up drawings, predictions, labels and owners from two"
        " years, to test how a large site performs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, nargs="?", default=1_000_000)
        parser.add_argument(
            "--into-this-database",
            action="store_true",
            help="even if it has drawings; the made-up ones cannot be told apart later",
        )
        parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="default: one per CPU core"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1:
            raise CommandError("The number of drawings must be at least 1.")
        if Drawing.objects.exists() and not options["into_this_database"]:
            raise CommandError(
                "This database has drawings."
                " To mix made-up ones with them, add --into-this-database."
            )
        started, said = time.monotonic(), 0

        def progress(stored: int) -> None:
            nonlocal said
            if stored - said >= options["count"] / 20 or stored == options["count"]:
                said = stored
                seconds = time.monotonic() - started
                left = seconds / stored * (options["count"] - stored)
                self.stdout.write(f"{stored:,} drawings, {seconds:.0f} s, {left:.0f} s to go")

        filling.fill(
            options["count"],
            processes=options["processes"],
            seed=options["seed"],
            progress=progress,
        )
