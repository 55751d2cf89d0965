"""Read runs and versions from the site's database. Import this after django.setup()."""

from dataclasses import dataclass

from recognizer.models import ModelVersion, TrainingRun
from recognizer.registry.gate_rule import in_words


@dataclass(frozen=True)
class Made:
    """A version and the evaluation from its training run."""

    key: int
    architecture: str
    mnist: float
    learned_from: int
    drawings_in_words: str
    passed: bool
    reason: str
    compared: list[str]


def made(number: int) -> Made:
    """Return the record of a version."""
    version = ModelVersion.objects.select_related("run").get(number=number)
    verdict = version.verdicts.order_by("pk").last()
    run = version.run or TrainingRun()
    return Made(
        key=version.pk,
        architecture=version.architecture,
        mnist=float(version.metrics["mnist_test"]["accuracy"]),
        learned_from=int(run.parameters.get("drawings", 0)),
        drawings_in_words=run.drawings_in_words,
        passed=verdict is not None and verdict.passed,
        reason=verdict.reason if verdict else "It could not be evaluated.",
        compared=[in_words(figures) for figures in verdict.figures["sets"]] if verdict else [],
    )
