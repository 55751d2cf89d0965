"""What all admin pages share: rows are viewed and acted upon, never edited."""

from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

Row = TypeVar("Row", bound=Model)
_Rows = TypeVar("_Rows", bound="QuerySet[Any]")

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Takes the type of its rows as a parameter, as Django's stubs do."""

        def __class_getitem__(cls, row: Any) -> Any:
            return cls


class ReadOnlyAdmin(ModelAdmin[Row]):
    """Lists and shows rows. Staff change them only by actions and buttons.

    Nobody has Django's change permission for the *form*. Actions check
    `has_act_permission`: whether the user was granted the change permission.
    """

    actions_without_selection: tuple[str, ...] = ()

    class Media:
        css = {"all": ["recognizer/admin/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Checked by `@admin.action(permissions=["act"])`."""
        return may_change(request, self.opts.model_name)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.POST.get("action") in self.actions_without_selection:
            # Django refuses an action without a selection; these actions need none.
            post = request.POST.copy()
            post.setdefault(ACTION_CHECKBOX_NAME, "0")
            request.POST = post  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)


def selected(rows: _Rows) -> _Rows:
    """The rows selected for an action, without what the list adds for display."""
    same = rows.model._default_manager.filter(pk__in=rows.order_by().values("pk"))
    return cast(_Rows, same)


def may_change(request: HttpRequest, model_name: str | None) -> bool:
    """Whether the user was granted the change permission for a model."""
    return request.user.has_perm(f"recognizer.change_{model_name}")


def may_view(request: HttpRequest, model_name: str) -> bool:
    """Whether the user may view a model, by the rule of Django's admin."""
    names = (f"recognizer.{verb}_{model_name}" for verb in ("view", "change"))
    return any(request.user.has_perm(name) for name in names)


def staff(request: HttpRequest) -> User:
    """The signed-in user: admin pages have no anonymous users."""
    assert isinstance(request.user, User)
    return request.user
