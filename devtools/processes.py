"""What processes cost, as Linux counts it; None elsewhere."""

import os
from pathlib import Path


def children(pid: int) -> list[int]:
    """Those that a process started and that run."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []


def family(pid: int) -> list[int]:
    """A process with all that it and its children started."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def command_of(pid: int) -> list[str]:
    """Its command line; nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def cpu_seconds(pid: int, *, of_ended_children: bool = False) -> float | None:
    """Processor time that a process took so far."""
    try:
        # After the name, which may hold anything, come the fields from the third on.
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    counted = times[11:15] if of_ended_children else times[11:13]
    return sum(map(int, counted)) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float | None:
    """Memory that a process holds, in MB of 1,000,000 bytes; None once it has ended."""
    return _mb_in(Path(f"/proc/{pid}/status"), "VmRSS:")


def proportional_mb(pid: int) -> float | None:
    """The same with its part of what it shares with others: such parts may be added up."""
    return _mb_in(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def _mb_in(file: Path, name: str) -> float | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    # One that was killed and that nobody has waited for yet has no such line.
    found = [int(line.split()[1]) for line in lines if line.startswith(name)]
    return found[0] * 1024 / 1e6 if found else None
