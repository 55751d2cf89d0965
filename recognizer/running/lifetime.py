"""Processes that never outlive the one that started them. Knows nothing of Django."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded once, here: after a fork it is too late to take locks.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: int = signal.SIGKILL) -> Callable[[], None]:
    """Build a `preexec_fn`: the kernel sends the child this signal when its parent ends.

    "Parent" is the thread that starts the child: it must live as long as the
    child may. Call this in the parent, right before `Popen`. A no-op where
    there is no Linux.
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        ask_for_signal_at_parents_death(signal_number, parent)

    return ask_kernel


def ask_for_signal_at_parents_death(signal_number: int, parent: int) -> None:
    """Let the kernel send this process a signal when `parent` ends, or already has."""
    if _libc is None:
        return
    if _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have ended before the kernel knew of our wish.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)
