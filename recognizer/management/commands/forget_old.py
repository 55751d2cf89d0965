from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recognizer.drawings import retention
from recognizer.models import Drawing, StaffAct
from recognizer.monitoring import audit

_SAY_EVERY = 10_000
_MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Count the old drawings without a label; with --delete, delete them. Drawings with a label"
        " or a share link, and those used by a training run or a verdict, are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("days", type=int, help="age in days")
        parser.add_argument("--delete", action="store_true", help="without it nothing is deleted")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = options["days"]
        if not 1 <= days <= _MOST_DAYS:
            raise CommandError(f"The age must be 1 to {_MOST_DAYS:,} days.")
        before = timezone.now() - timedelta(days=days)
        if not options["delete"]:
            old = Drawing.objects.filter(created_at__lt=before).count()
            going = retention.old_unlabelled(before).count()
            self.stdout.write(
                f"Older than {days} days: {old:,}. Of these {going:,} would be deleted,"
                f" {old - going:,} stay. Add --delete to delete them."
            )
            return
        deleted = retention.forget_old(before, progress=self._say)
        if deleted:
            what = f"{deleted:,} unlabelled drawings older than {days} days"
            audit.note_command(StaffAct.Act.DELETE, what)
        self.stdout.write(f"Deleted: {deleted:,}.")

    def _say(self, deleted: int) -> None:
        if deleted % _SAY_EVERY < retention.BATCH:
            self.stdout.write(f"{deleted:,} deleted")
