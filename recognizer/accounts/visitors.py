"""Anonymous visitors: people who draw without an account, known by their session."""

import uuid

from django.http import HttpRequest
from rest_framework.request import Request

VISITOR_SESSION_KEY = "visitor"


def find_visitor(request: HttpRequest | Request) -> uuid.UUID | None:
    """The visitor of this session; None for somebody who has never drawn here."""
    visitor = request.session.get(VISITOR_SESSION_KEY)
    return uuid.UUID(visitor) if visitor else None


def find_or_make_visitor(request: HttpRequest | Request) -> uuid.UUID:
    """The visitor of this session, made at the first drawing."""
    visitor = find_visitor(request)
    if visitor is None:
        visitor = uuid.uuid4()
        remember_visitor(request, visitor)
    return visitor


def remember_visitor(request: HttpRequest | Request, visitor: uuid.UUID) -> None:
    """Make this session the visitor's."""
    request.session[VISITOR_SESSION_KEY] = str(visitor)


def forget_visitor(request: HttpRequest | Request) -> uuid.UUID | None:
    """Take the visitor out of this session; who it was."""
    visitor = request.session.pop(VISITOR_SESSION_KEY, None)
    return uuid.UUID(visitor) if visitor else None
