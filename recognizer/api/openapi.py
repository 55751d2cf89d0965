"""What drf-spectacular does not find out by itself for the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from recognizer.api.tokens import TokenAuthentication
from recognizer.models import ApiToken


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes API tokens. drf-spectacular knows this class once the module is imported."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        scopes = "; ".join(f"`{scope.value}`: {scope.label}" for scope in ApiToken.Scope)
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from *API tokens* on the page *My account*. It can do what "
            f"both its scopes and its user are allowed to do. The scopes are: {scopes}.",
        }


def _path_parameter(name: str, type_: OpenApiTypes, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, type_, OpenApiParameter.PATH, description=description)


DRAWING_ID = _path_parameter(
    "id", OpenApiTypes.UUID, "The drawing's id. Saving and listing drawings return it."
)
VERSION_NUMBER = _path_parameter("version", OpenApiTypes.INT, "The version's number, such as 1.")
RUN_NUMBER = _path_parameter("id", OpenApiTypes.INT, "The training run's number, such as 1.")

_DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_REASONS: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong, by field or as `detail`.",
    "additionalProperties": {
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    },
}
_REFUSALS = {
    "400": "The request is invalid; the response says why.",
    "401": "The token is unknown, expired or revoked, or nobody is signed in.",
    "403": "This user or this token is not allowed to do that.",
    "404": "It does not exist, or it belongs to somebody else.",
    "405": "The method is not allowed here.",
    "406": "The response is not available in the requested format.",
    "413": "The request body is too large.",
    "415": "The request body has a media type that is not supported.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "503": "A service is down; `Retry-After` says how many seconds to wait.",
}
_WAIT = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to every operation the error responses that any request can get."""
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
    """The status codes of errors, without those that this operation never gives."""
    never = set() if "{" in path or method == "get" else {"404"}
    if method in {"get", "delete"}:
        never |= {"415"}
    return [code for code in _REFUSALS if code not in never]


def _content(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
