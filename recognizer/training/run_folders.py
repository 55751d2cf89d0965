"""Where a training lays its files, each run in a folder of its own that never stays."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from recognizer.models import TrainingRun


@contextmanager
def run_folder(run_pk: int, token: str) -> Iterator[Path]:
    """A folder for one claim of one run; what workers that were killed left behind goes first."""
    _remove_abandoned()
    folder = _parent() / f"{run_pk}-{token}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    """Those whose claim is not valid any more; another worker may be at work in the rest."""
    for folder in _parent().glob("[0-9]*-*"):
        run_pk, _, token = folder.name.partition("-")
        if not TrainingRun.objects.all().claimed_by(int(run_pk), token).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _parent() -> Path:
    return Path(settings.VAR_DIR) / "runs"
