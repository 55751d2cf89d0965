"""The database backend; Django finds `DatabaseWrapper` under this name."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Before a request uses a connection that it finds open, Django asks whether it still works.

    Django does so by a query, a tenth of what a short request asks. But a server that ends, or
    ends a connection, closes it; and it says nothing that it was not asked, unless something is
    wrong. So only where there is something to hear, the query is needed.
    """

    def is_usable(self) -> bool:
        # One that was lost in the middle of a request is known to be, and cannot be listened to.
        if self.connection is None or self.connection.closed:
            return False
        return not self._hears_something() or super().is_usable()

    def _hears_something(self) -> bool:
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
