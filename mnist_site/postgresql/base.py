"""The database backend; Django looks for `DatabaseWrapper` in this module."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Checks an open connection before each request, usually without a query.

    Django's own check is a query, which costs a tenth of a short request. A server closes the
    socket when it stops, and sends nothing unasked unless something is wrong. So the query is
    needed only if the socket is readable.
    """

    def is_usable(self) -> bool:
        # A connection lost during a request is already marked as closed, and has no socket to poll.
        if self.connection is None or self.connection.closed:
            return False
        return not self._is_readable() or super().is_usable()

    def _is_readable(self) -> bool:
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
