"""What the OpenAPI document says beside what it finds by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from recognizer.api.tokens import TokenAuthentication
from recognizer.models import ApiToken


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        scopes = "; ".join(f"`{scope.value}`: {scope.label}" for scope in ApiToken.Scope)
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from the page *API tokens* under *My data*. It does what its "
            f"scopes and its user may. The scopes are {scopes}.",
        }
