"""Signals that end `up`: the first shuts down gracefully, a second kills at once."""

import signal
import time
from collections.abc import Callable
from types import FrameType

# A closing terminal sends several signals together; they count as one.
_SECONDS_THAT_COUNT_AS_ONE = 1.0


class Interrupts:
    """The first signal raises KeyboardInterrupt; later ones call `kill`."""

    def __init__(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        self._ending_since: float | None = None

    def install(self) -> None:
        """Handle SIGINT, SIGTERM and, except under `nohup`, SIGHUP."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def now_ending(self) -> None:
        """Note that a graceful shutdown has begun; signals no longer raise."""
        if self._ending_since is None:
            self._ending_since = time.monotonic()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._ending_since is None:
            self.now_ending()
            raise KeyboardInterrupt
        if time.monotonic() - self._ending_since > _SECONDS_THAT_COUNT_AS_ONE:
            self._kill()
