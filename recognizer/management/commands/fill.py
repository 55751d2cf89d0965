import os
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recognizer.models import Drawing
from recognizer.sample_data import filling


class Command(BaseCommand):
    help = (
        "Fill an empty database with made-up drawings, readings, labels and owners over two"
        " years, to see how a site does that has grown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, nargs="?", default=1_000_000)
        parser.add_argument(
            "--into-this-database",
            action="store_true",
            help="even if there are drawings in it; nothing tells them from the made-up ones later",
        )
        parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="default: one a core"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1:
            raise CommandError("How many drawings?")
        if Drawing.objects.exists() and not options["into_this_database"]:
            raise CommandError(
                "There are drawings in this database. Made-up ones would mingle with them;"
                " if you want that, add --into-this-database."
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
