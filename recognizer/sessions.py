"""Sessions in the database, which say so when it is away."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

from recognizer.outages import AWAY


class SessionStore(db.SessionStore):
    """Django's own takes a database that went away for a session that somebody deleted: a 400."""

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, AWAY):
                raise error.__context__ from None
            raise
