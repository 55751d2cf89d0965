"""CPU time and memory of processes on Linux; None elsewhere."""

import os
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the running child processes of a process."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def command_of(pid: int) -> list[str]:
    """Return the command line of a process; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def cpu_seconds(pid: int, *, of_ended_children: bool = False) -> float | None:
    """Return the CPU time that a process has used so far."""
    try:
        # Fields from the third on follow the name, which may contain anything.
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    counted = times[11:15] if of_ended_children else times[11:13]
    return sum(map(int, counted)) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float | None:
    """Return the resident memory of a process in MB (10^6 bytes); None once it has ended."""
    return _mb_in(Path(f"/proc/{pid}/status"), "VmRSS:")


def proportional_mb(pid: int) -> float | None:
    """Return its memory with its share of shared pages, so that processes can be added up."""
    return _mb_in(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def _mb_in(file: Path, name: str) -> float | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    # A zombie process has no such line.
    found = [int(line.split()[1]) for line in lines if line.startswith(name)]
    return found[0] * 1024 / 1e6 if found else None
