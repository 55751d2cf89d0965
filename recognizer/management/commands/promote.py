from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recognizer.models import ModelVersion, StaffAct
from recognizer.monitoring import audit
from recognizer.registry import promotion


class Command(BaseCommand):
    help = "Make a model version the active one, or roll back to the previous one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("number", type=int, nargs="?", help="the version's number")
        which.add_argument("--back", action="store_true", help="roll back to the previous version")
        parser.add_argument("--reason", default="", help="stored in the promotion history")
        parser.add_argument(
            "--override",
            action="store_true",
            help="promote it even without a passed verdict; requires --reason",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["back"]:
                version = promotion.roll_back(by=None, reason=options["reason"])
                why = audit.because(str(version), options["reason"])
                audit.note_command(StaffAct.Act.ROLL_BACK, why)
            else:
                version = ModelVersion.objects.get(number=options["number"])
                done = promotion.promote(
                    version, by=None, reason=options["reason"], override=options["override"]
                )
                audit.note_command(*audit.promoted(done))
        except ModelVersion.DoesNotExist:
            raise CommandError(f"There is no version {options['number']}.") from None
        except promotion.NotPassedError as error:
            raise CommandError(
                f"{error}\nTo promote it anyway, add --override and --reason."
            ) from None
        except promotion.PromotionError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{version} is active now.")
