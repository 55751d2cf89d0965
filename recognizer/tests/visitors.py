"""Anonymous visitors for tests."""

import uuid

from django.test import Client

from recognizer.accounts.visitors import VISITOR_SESSION_KEY


def sign_in_as_visitor(client: Client) -> uuid.UUID:
    """Make the client's session stand for an anonymous visitor."""
    visitor = uuid.uuid4()
    session = client.session
    session[VISITOR_SESSION_KEY] = str(visitor)
    session.save()
    return visitor
