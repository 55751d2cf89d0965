"""The files in which web processes share their metrics, so that each can report for all.

Does not depend on Django: this must run before `prometheus_client` is imported.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from recognizer.backing.whole_files import written_whole

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The library's environment variable; without it, each process reports only its own metrics."""

_KINDS = ("counter", "histogram")
_BYTES = 1 << 20  # the library's initial file size


def start_anew(folder: Path) -> None:
    """Create an empty folder, without the files of an earlier start.

    Files of processes that die later are kept, since totals must not decrease.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # then `reserve` falls back to separate metrics, and says so
        folder.mkdir(parents=True, exist_ok=True)


def reserve() -> None:
    """Reserve disk space for this process's metrics.

    The library maps a sparse file into memory. On a full disk, the kernel would kill the
    process at its first count. If there is no space, the process reports only its own metrics.
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
    # Another process may be collecting, and must not see an unfinished file.
    with written_whole(file) as unfinished, unfinished.open("wb") as made:
        os.posix_fallocate(made.fileno(), 0, _BYTES)
