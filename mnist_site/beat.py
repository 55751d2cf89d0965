"""Celery's beat, made safe to stop while it is still starting."""

from types import FrameType

from celery import platforms
from celery.apps import beat
from celery.beat import Service


class Beat(beat.Beat):
    """A beat that exits quietly even while it is starting."""

    def install_sync_handler(self, service: Service) -> None:
        """Exit on SIGTERM and SIGINT; the service saves its schedule on exit.

        Celery's own handler saves the schedule at once, and builds the scheduler for that if
        needed. A signal that arrives during the build would start a second one inside the first.
        """
        platforms.signals.update(SIGTERM=_end, SIGINT=_end)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
