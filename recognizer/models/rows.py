"""New rows as the database takes them.

Django puts an INSERT together anew for each row, which takes longer than the database takes to
run it. What is stored with every drawing has one that is kept.
"""

from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model

Row = list[Any]


@cache
def columns(model: type[Model]) -> list[str]:
    """What a row of this model holds, in this order; its key is not among them."""
    return [str(one.column) for one in _fields(model)]


def row_of(instance: Model) -> Row:
    """As Django would store it: every field has its say."""
    return [
        one.get_db_prep_save(one.pre_save(instance, True), connection)
        for one in _fields(type(instance))
    ]


def insert(instance: Model) -> None:
    """Store a new instance and give it its key. No signal is sent, no `save` called.

    Raises:
        IntegrityError: the database refuses it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_statement(type(instance), connection.vendor), row_of(instance))
        (instance.pk,) = cursor.fetchone()
    instance._state.adding, instance._state.db = False, connection.alias


@cache
def _fields(model: type[Model]) -> list["Field[Any, Any]"]:
    return [one for one in model._meta.concrete_fields if not one.primary_key]


@cache
def _statement(model: type[Model], vendor: str) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns(model))
    places = ", ".join(["%s"] * len(columns(model)))
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    return f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {key}"  # noqa: S608
