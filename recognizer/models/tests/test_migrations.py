"""While a release is rolled out, or was rolled back, the code of the last one meets its tables.

So the tables of this release have to serve the code of the last: no column that it uses is gone or
renamed, none that it leaves empty has become needed. See "Updating" in docs/operations.md.
"""

from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import Field, Model

pytestmark = pytest.mark.django_db

LAST_RELEASE = "0010_growth_indexes"
"""The newest migration of the release that runs elsewhere now. A release moves this on."""


def last_models() -> dict[str, list[Any]]:
    """The tables that the last release knows, and the columns it uses in each."""
    state = MigrationLoader(connection).project_state([("recognizer", LAST_RELEASE)])
    found = state.apps.get_app_config("recognizer").get_models(include_auto_created=True)
    return {model._meta.db_table: list(model._meta.local_concrete_fields) for model in found}


def columns_of(table: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return {}
        found = connection.introspection.get_table_description(cursor, table)
    return {column.name: column for column in found}


def broken_for(tables: dict[str, list[Any]]) -> list[str]:
    """What code that has these fields can no longer do with the database as it is."""
    return [reason for table, fields in tables.items() for reason in _broken_in(table, fields)]


def _broken_in(table: str, fields: list[Any]) -> list[str]:
    there = columns_of(table)
    used = {field.column: field for field in fields}
    gone = [f"{table}.{name} is gone" for name in used if name not in there]
    needed = [
        f"{table}.{name} may not be empty"
        for name, column in there.items()
        if not column.null_ok and column.default is None and _may_be_left_empty(used.get(name))
    ]
    return gone + needed


def _may_be_left_empty(field: Any) -> bool:
    """By the code of then: it does not know the column, or writes NULL into it."""
    return field is None or field.null


def change(act: Any) -> None:
    with connection.schema_editor() as editor:
        act(editor)


@pytest.fixture
def thing(transactional_db: Any) -> Any:
    """A table that the last release would have known."""

    class Thing(Model):  # noqa: DJ008  nobody reads it
        name: Any = models.CharField(max_length=20)
        note: Any = models.CharField(max_length=20, null=True)  # noqa: DJ001  to be tightened

        class Meta:
            apps = Apps()
            app_label = "things"
            db_table = "things_thing"

    change(lambda editor: editor.create_model(Thing))
    yield Thing
    change(lambda editor: editor.delete_model(Thing))


def with_column(model: type[Model], name: str, field: "Field[Any, Any]") -> "Field[Any, Any]":
    field.set_attributes_from_name(name)
    field.model = model
    return field


def test_the_tables_of_this_release_serve_the_code_of_the_last() -> None:
    tables = last_models()
    assert "recognizer_drawing" in tables
    assert broken_for(tables) == []


def test_a_column_that_is_gone_or_renamed_is_found(thing: Any) -> None:
    fields = {"things_thing": list(thing._meta.local_concrete_fields)}
    assert broken_for(fields) == []
    new = with_column(thing, "title", models.CharField(max_length=20))
    change(lambda editor: editor.alter_field(thing, thing._meta.get_field("name"), new))
    assert broken_for(fields) == [
        "things_thing.name is gone",
        "things_thing.title may not be empty",
    ]
    change(lambda editor: editor.alter_field(thing, new, thing._meta.get_field("name")))


def test_a_new_column_may_not_be_one_that_the_last_code_has_to_fill(thing: Any) -> None:
    fields = {"things_thing": list(thing._meta.local_concrete_fields)}
    for name, good in [
        ("empty", models.IntegerField(null=True)),
        ("filled", models.IntegerField(db_default=7)),
    ]:
        change(lambda editor, n=name, f=good: editor.add_field(thing, with_column(thing, n, f)))
    assert broken_for(fields) == []
    # Django's own default fills the rows there are, and is then taken away from the column.
    needed = with_column(thing, "needed", models.IntegerField(default=7))
    change(lambda editor: editor.add_field(thing, needed))
    assert broken_for(fields) == ["things_thing.needed may not be empty"]


def test_a_column_that_becomes_needed_is_found(thing: Any) -> None:
    fields = {"things_thing": list(thing._meta.local_concrete_fields)}
    old = thing._meta.get_field("note")
    strict = with_column(thing, "note", models.CharField(max_length=20, default=""))
    change(lambda editor: editor.alter_field(thing, old, strict, strict=True))
    assert broken_for(fields) == ["things_thing.note may not be empty"]
