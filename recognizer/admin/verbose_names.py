"""Translated names of models and fields.

Names set in the models would need a migration each; names set here need none.
"""

from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.translation import gettext_lazy, gettext_noop

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NAMES = (
    gettext_noop("API token"),
    gettext_noop("API tokens"),
    gettext_noop("audit log entry"),
    gettext_noop("audit log"),
    gettext_noop("account"),
    gettext_noop("begins with"),
    gettext_noop("created"),
    gettext_noop("action"),
    gettext_noop("expires"),
    gettext_noop("address"),
    gettext_noop("last used"),
    gettext_noop("name"),
    gettext_noop("revoked"),
    gettext_noop("scopes"),
    gettext_noop("via"),
    gettext_noop("details"),
    gettext_noop("accuracy"),
    gettext_noop("anonymous visitor"),
    gettext_noop("architecture"),
    gettext_noop("attempts"),
    gettext_noop("base version"),
    gettext_noop("classes"),
    gettext_noop("confidence"),
    gettext_noop("created at"),
    gettext_noop("decided at"),
    gettext_noop("decided by"),
    gettext_noop("drawing"),
    gettext_noop("drawings"),
    gettext_noop("epoch"),
    gettext_noop("error"),
    gettext_noop("finished at"),
    gettext_noop("given by"),
    gettext_noop("height"),
    gettext_noop("in the test set"),
    gettext_noop("label"),
    gettext_noop("labels"),
    gettext_noop("loss"),
    gettext_noop("model version"),
    gettext_noop("model versions"),
    gettext_noop("number"),
    gettext_noop("override"),
    gettext_noop("parameters"),
    gettext_noop("prediction"),
    gettext_noop("predictions"),
    gettext_noop("promoted at"),
    gettext_noop("promoted by"),
    gettext_noop("promotion"),
    gettext_noop("promotions"),
    gettext_noop("public id"),
    gettext_noop("queue"),
    gettext_noop("reason"),
    gettext_noop("rejected"),
    gettext_noop("replaced"),
    gettext_noop("requested by"),
    gettext_noop("review"),
    gettext_noop("reviews"),
    gettext_noop("rollback"),
    gettext_noop("run"),
    gettext_noop("SHA-256 for browsers"),
    gettext_noop("SHA-256 of the artifact"),
    gettext_noop("SHA-256 of the weights"),
    gettext_noop("source"),
    gettext_noop("stage"),
    gettext_noop("started at"),
    gettext_noop("state"),
    gettext_noop("training run"),
    gettext_noop("training runs"),
    gettext_noop("undone at"),
    gettext_noop("user"),
    gettext_noop("value"),
    gettext_noop("verdict"),
    gettext_noop("verdicts"),
    gettext_noop("version"),
    gettext_noop("when"),
    gettext_noop("who"),
    gettext_noop("width"),
)
"""The names that admin pages show."""


_SHOWN_AS = {
    "act of staff": "audit log entry",
    "acts of staff": "audit log",
    "did": "action",
    "from": "address",
    "kept for judging": "in the test set",
    "what": "details",
}
"""Names in models that are shown as others. Changing them there would take a migration."""


def translate() -> None:
    """Give every model and field of this app its translated name."""
    for model in apps.get_app_config("recognizer").get_models():
        options = model._meta
        options.verbose_name = _shown(options.verbose_name)
        options.verbose_name_plural = _shown(options.verbose_name_plural)
        for field in options.local_fields:
            field.verbose_name = _shown(field.verbose_name)


def _shown(name: "StrPromise | str | None") -> "StrPromise":
    text = str(name)
    return gettext_lazy(_SHOWN_AS.get(text, text))
