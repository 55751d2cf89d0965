"""Who may see or change which drawings, on the public pages and over the API.

The admin goes by Django's permissions alone.
"""

from django.http import HttpRequest
from rest_framework.request import Request

from recognizer.accounts.visitors import find_visitor
from recognizer.models import ApiToken, Drawing
from recognizer.models.drawing import DrawingQuerySet

_PERMISSIONS = {
    "PATCH": "recognizer.change_drawing",
    "DELETE": "recognizer.delete_drawing",
}
"""What staff need, by method, for drawings that are not theirs."""


def own_drawings(request: HttpRequest | Request) -> DrawingQuerySet:
    """Those of the user who is signed in, or of the session's anonymous visitor."""
    if request.user.is_authenticated:
        return Drawing.objects.owned_by(request.user, None)
    return Drawing.objects.owned_by(None, find_visitor(request))


def is_own(request: HttpRequest | Request, drawing: Drawing) -> bool:
    return own_drawings(request).filter(pk=drawing.pk).exists()


def accessible_drawings(request: Request) -> DrawingQuerySet:
    """What this request may read, change or delete: everybody's for staff, else one's own."""
    permission = _PERMISSIONS.get(request.method or "")
    if acts_as_staff(request) and (permission is None or request.user.has_perm(permission)):
        return Drawing.objects.all()
    return own_drawings(request)


def acts_as_staff(request: Request) -> bool:
    """Whether staff ask, and not with a token that leaves that out."""
    token = request.auth
    if isinstance(token, ApiToken) and ApiToken.Scope.STAFF not in token.scopes:
        return False
    return bool(getattr(request.user, "is_staff", False))
