"""Child processes that end with their parent. Does not depend on Django."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded at import, since loading it after a fork could deadlock on a lock.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: int = signal.SIGKILL) -> Callable[[], None]:
    """Return a `preexec_fn` that makes the kernel signal the child when its parent ends.

    The kernel counts the thread that starts the child as the parent, so that thread
    must outlive the child. Call this in the parent, right before `Popen`. Does
    nothing outside Linux.
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        ask_for_signal_at_parents_death(signal_number, parent)

    return ask_kernel


def ask_for_signal_at_parents_death(signal_number: int, parent: int) -> None:
    """Make the kernel signal this process when `parent` ends; signal now if it has ended."""
    if _libc is None:
        return
    if _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have ended before the call to prctl.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)
