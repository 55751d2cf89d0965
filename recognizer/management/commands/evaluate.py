from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recognizer.models import ModelVersion, StaffAct
from recognizer.monitoring import audit
from recognizer.registry import gate
from recognizer.registry.gate_rule import in_words


class Command(BaseCommand):
    help = "Compare a model version with the active one on the same images, and store the verdict."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="the version's number")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            verdict = gate.evaluate(ModelVersion.objects.get(number=options["number"]))
        except ModelVersion.DoesNotExist:
            raise CommandError(f"There is no version {options['number']}.") from None
        except gate.GateError as error:
            raise CommandError(str(error)) from None
        audit.note_command(StaffAct.Act.JUDGE, str(verdict))
        for figures in verdict.figures["sets"]:
            self.stdout.write(in_words(figures))
        self.stdout.write(f"{verdict}. {verdict.reason}")
