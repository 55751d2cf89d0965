from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from recognizer.drawings import retention
from recognizer.models import StaffAct
from recognizer.monitoring import audit


class Command(BaseCommand):
    help = (
        "Count the audit log entries older than KEEP_STAFF_ACTS_DAYS; with --delete, delete them."
        " Without that setting, all are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--delete", action="store_true", help="without it nothing is deleted")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = settings.KEEP_STAFF_ACTS_DAYS
        if not days:
            raise CommandError("All audit log entries are kept: KEEP_STAFF_ACTS_DAYS is 0.")
        before = timezone.now() - timedelta(days=days)
        if not options["delete"]:
            going = StaffAct.objects.filter(at__lt=before).count()
            self.stdout.write(
                f"Older than {days} days: {going:,} of {StaffAct.objects.count():,} audit log"
                " entries. Add --delete to delete them."
            )
            return
        deleted = retention.forget_staff_acts(before)
        if deleted:
            what = f"{deleted:,} audit log entries older than {days} days"
            audit.note_command(StaffAct.Act.DELETE, what)
        self.stdout.write(f"Deleted: {deleted:,}.")
