"""Limits on an imported file, checked before anything is unpacked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The most that one file may hold."""

    drawings: int
    unpacked_bytes: int


ON_THE_WEB = Limits(drawings=20_000, unpacked_bytes=200_000_000)
"""Small enough to import within one request."""

ON_THE_COMMAND_LINE = Limits(drawings=2_000_000, unpacked_bytes=20_000_000_000)
