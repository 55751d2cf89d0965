"""Programs that act for a user: `Authorization: Bearer …`, and what each token opens."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recognizer.models import ApiToken

if TYPE_CHECKING:  # rest_framework.views imports this module while it is being loaded
    from rest_framework.views import APIView

EVERY_SCOPE = "every"
"""The scope of a view that is open to everybody, so to every token too."""


class TokenAuthentication(BaseAuthentication):
    """A token wins over a session; a request without one is somebody else's to know."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        scheme, _space, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = ApiToken.objects.find(secret.strip())
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        token.note_use()
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """A token opens a view only by the scope that the view names; sessions have no scopes.

    A view says `token_scope`, one for all methods or {method: scope}. One that says nothing is
    closed to tokens.
    """

    message = gettext_lazy("This token does not have the scope for that.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        token = token_of(request)
        if token is None:
            return True
        scope = getattr(view, "token_scope", None)
        if isinstance(scope, dict):
            scope = scope.get("GET" if request.method == "HEAD" else request.method)
        return scope == EVERY_SCOPE or scope in token.scopes


def token_of(request: Request) -> ApiToken | None:
    """The token that a request came with."""
    return request.auth if isinstance(request.auth, ApiToken) else None
