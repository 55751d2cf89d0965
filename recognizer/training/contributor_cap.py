"""How much of a training set one person may fill."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

ALWAYS_ALLOWED = 50
"""So many drawings anybody may give, whatever their share, so that small sites learn too."""


@dataclass(frozen=True)
class Contribution:
    """A labelled drawing and whose it is."""

    drawing: int
    public_id: uuid.UUID
    value: str
    contributor: Hashable


def most_from_one(counts: Sequence[int], share: float) -> int:
    """The largest number, `ALWAYS_ALLOWED` or more, that caps each contributor at that share.

    The share is of what is left when everybody is capped: someone with 1,000
    drawings beside others with 1,000 in all gives 428 of 1,428 at 0.3.
    """
    most = max(counts, default=0)
    while most > ALWAYS_ALLOWED:
        allowed = max(ALWAYS_ALLOWED, int(share * sum(min(count, most) for count in counts)))
        if allowed >= most:
            break
        most = allowed
    return most


def within_share(contributions: Iterable[Contribution], share: float) -> list[Contribution]:
    """Without what one person gave beyond `most_from_one`, in the order of the drawings.

    Which of theirs stay is decided by a hash of the drawing's id: always the
    same, and nothing that a contributor can steer by drawing early or late.
    """
    by_contributor: defaultdict[Hashable, list[Contribution]] = defaultdict(list)
    for contribution in contributions:
        by_contributor[contribution.contributor].append(contribution)
    most = most_from_one([len(theirs) for theirs in by_contributor.values()], share)
    kept = [one for theirs in by_contributor.values() for one in sorted(theirs, key=_rank)[:most]]
    return sorted(kept, key=lambda contribution: contribution.drawing)


def _rank(contribution: Contribution) -> bytes:
    return hashlib.sha256(b"contributor" + contribution.public_id.bytes).digest()
