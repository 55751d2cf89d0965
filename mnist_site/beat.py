"""Celery's beat, which may be asked to end at any moment of its start."""

from types import FrameType

from celery import platforms
from celery.apps import beat
from celery.beat import Service


class Beat(beat.Beat):
    """Ends without a word also while it still starts."""

    def install_sync_handler(self, service: Service) -> None:
        """Let SIGTERM and SIGINT end the service, which then saves its schedule itself.

        Celery's own handler saves it at once, for which it builds the scheduler if there is
        none yet: a second one inside the first, when the signal comes while that is being built.
        """
        platforms.signals.update(SIGTERM=_end, SIGINT=_end)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
