"""What the OpenAPI document says beside what it finds by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from recognizer.api.tokens import TokenAuthentication
from recognizer.models import ApiToken


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
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


_DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_REASONS: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong, by field or as `detail`.",
    "additionalProperties": {
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    },
}
_REFUSALS = {
    "400": "What was sent makes no sense; the answer says why.",
    "401": "The token is unknown, expired or revoked, or nobody is signed in.",
    "403": "That is not for this person, or not within the token's scopes.",
    "404": "There is no such thing, or it is somebody else's.",
    "405": "Not with this method.",
    "406": "It cannot be had in this format.",
    "413": "The body is too large.",
    "415": "The body is in no format that is read here.",
    "429": "Too many calls; `Retry-After` says how many seconds to wait.",
    "503": "A part is down; `Retry-After` says when to try again.",
}
_WAIT = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name in every operation the refusals that any request can meet."""
    result["components"]["schemas"] |= {"Refusal": _DETAIL, "Reasons": _REASONS}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for code in _refusals_of(path, method):
                known = operation["responses"].setdefault(code, {"description": _REFUSALS[code]})
                known.setdefault("content", _content("Reasons" if code == "400" else "Refusal"))
                if code in {"429", "503"}:
                    known["headers"] = _WAIT
            for code in {"409", "422"} & set(operation["responses"]):
                operation["responses"][code].setdefault("content", _content("Refusal"))
    return result


def _refusals_of(path: str, method: str) -> list[str]:
    """All but those that this operation never gives."""
    never = set() if "{" in path or method == "get" else {"404"}
    if method in {"get", "delete"}:
        never |= {"415"}
    return [code for code in _REFUSALS if code not in never]


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
