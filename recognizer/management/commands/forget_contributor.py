import uuid
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from recognizer.drawings import forgetting
from recognizer.drawings.forgetting import Contributor
from recognizer.models import StaffAct
from recognizer.monitoring import audit


class Command(BaseCommand):
    help = "Delete all drawings of one person, and list the versions that were trained on them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("username", nargs="?")
        who.add_argument("--visitor", type=uuid.UUID, help="the id of an anonymous visitor")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        contributor = _contributor(options["username"], options["visitor"])
        found = forgetting.traces(contributor)
        if not found.drawings:
            raise CommandError("This person has no drawings.")
        self.stdout.write(
            f"Drawings: {found.drawings:,}, labels on them: {found.labels:,}."
            f" {forgetting.in_words(found)}"
        )
        if not options["yes"] and input("Delete them? [y/N] ").strip().lower() != "y":
            raise CommandError("Nothing was deleted.")
        forgotten = forgetting.forget(contributor)
        audit.note_command(
            StaffAct.Act.FORGET,
            f"{contributor}: {forgotten.drawings:,} drawings. {forgetting.in_words(forgotten)}",
        )
        self.stdout.write(
            f"Drawings deleted: {forgotten.drawings:,}. {forgetting.in_words(forgotten)}"
        )


def _contributor(username: str | None, visitor: uuid.UUID | None) -> Contributor:
    if visitor is not None:
        return Contributor(visitor=visitor)
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username}.")
    return Contributor(user_id=user.pk)
