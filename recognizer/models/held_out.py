"""Which drawings are kept for judging and never trained on."""

import hashlib
import uuid
from typing import Any

from django.conf import settings
from django.db import models


def is_held_out(public_id: uuid.UUID, share: float) -> bool:
    """Whether a drawing belongs to the drawn test set, by a hash of its id alone.

    The same on every site with the same share. A larger share keeps every
    drawing that a smaller one held out.
    """
    digest = hashlib.sha256(b"drawn test set" + public_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


class HeldOutField(models.BooleanField):  # type: ignore[type-arg]  # only the stubs are generic
    """Decided by the row's `public_id` when it is inserted, in bulk too, whatever was assigned."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add:
            # Whoever makes a row may give its id as text.
            public_id = uuid.UUID(str(model_instance.public_id))  # type: ignore[attr-defined]
            setattr(model_instance, self.attname, is_held_out(public_id, settings.HELD_OUT_SHARE))
        return super().pre_save(model_instance, add)
