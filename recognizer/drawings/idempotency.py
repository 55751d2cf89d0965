"""Store a drawing once, however often it is sent: whoever lost the answer sends it again.

The client makes up a random UUID for each drawing and sends it along every time. The database
holds that no two drawings have the same, so two that come at once are one too.
"""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError

from ml.contract import Drawn
from recognizer.drawings.recognition import Recognition, drawn_columns, save
from recognizer.models import Drawing


class KeyTakenError(Exception):
    """The key came with another drawing before, or with somebody else's."""


def save_once(
    key: uuid.UUID,
    drawn: Drawn,
    recognition: Recognition,
    *,
    user: AbstractBaseUser | None,
    visitor: uuid.UUID | None,
) -> tuple[Drawing, bool]:
    """Store a drawing under a key, or find what was stored under it, and whether it is new.

    With neither user nor visitor it belongs to a new visitor, whom the caller finds in it. The
    first drawing of all can be sent twice without a session, if the answer that was lost is
    the one that would have begun it: who knows key and drawing is that same visitor.

    Raises:
        BlankError: there is nothing to store.
        KeyTakenError: the key is not for this drawing, or not this person's.
    """
    owner = None if user else visitor or uuid.uuid4()
    try:
        return save(drawn, recognition, user=user, visitor=owner, key=key), True
    except IntegrityError:
        stored = Drawing.objects.for_history().filter(save_key=key).first()
        if stored is None:
            raise
    if not _shows(stored, drawn) or not _may_have(stored, user):
        raise KeyTakenError
    if user or visitor:
        _hand_over(stored, user, visitor)
    return stored, False


def _shows(drawing: Drawing, drawn: Drawn) -> bool:
    return all(getattr(drawing, name) == value for name, value in drawn_columns(drawn).items())


def _may_have(drawing: Drawing, user: AbstractBaseUser | None) -> bool:
    return drawing.user_id is None or (user is not None and drawing.user_id == user.pk)


def _hand_over(drawing: Drawing, user: AbstractBaseUser | None, visitor: uuid.UUID | None) -> None:
    """Between the two times they have signed in, or got a session."""
    owner: dict[str, Any] = {"user_id": user.pk if user else None, "visitor": visitor}
    if owner != {"user_id": drawing.user_id, "visitor": drawing.visitor}:
        Drawing.objects.filter(pk=drawing.pk, user=None).update(**owner)
