"""Where the web processes of one site write what they count, so that each can tell for all.

Knows nothing of Django: it has to be done before `prometheus_client` is imported.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from recognizer.backing.whole_files import written_whole

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own name; without it a process counts for itself alone."""

_KINDS = ("counter", "histogram")
_BYTES = 1 << 20  # as large as the library makes them


def start_anew(folder: Path) -> None:
    """Make the folder, without what the processes of an earlier start have counted.

    Those that die while the site runs stay in there: totals must not go down.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # then each counts for itself alone, and says so
        folder.mkdir(parents=True, exist_ok=True)


def reserve() -> None:
    """Take the disk space for this process's counts before anything is counted.

    The library maps a file of holes into memory; on a full disk the kernel would end the
    process as soon as it counts something. Where there is no room it counts for itself alone.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    files = [Path(folder) / f"{kind}_{os.getpid()}.db" for kind in _KINDS]
    try:
        for file in files:
            _fill(file)
    except OSError as error:
        for file in files:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        del os.environ[VARIABLE]
        sys.stderr.write(f"Metrics are of this process alone: {folder}: {error.strerror}.\n")


def _fill(file: Path) -> None:
    # Who collects just now must not find it half made.
    with written_whole(file) as unfinished, unfinished.open("wb") as made:
        os.posix_fallocate(made.fileno(), 0, _BYTES)
