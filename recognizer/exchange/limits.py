"""How much a file may hold. Checked before anything is unpacked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The most that is imported from one file."""

    drawings: int
    unpacked_bytes: int


ON_THE_WEB = Limits(drawings=20_000, unpacked_bytes=200_000_000)
"""An import that one request can see through."""

ON_THE_COMMAND_LINE = Limits(drawings=2_000_000, unpacked_bytes=20_000_000_000)
