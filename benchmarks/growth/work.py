"""Count the work of database queries, which does not depend on the machine's load.

For SQLite this is the steps of its virtual machine, for PostgreSQL the rows that scans read.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

_STEPS_AT_ONCE = 20


class Work:
    """The work of a block, set at its end; `scanned` are tables PostgreSQL read in full."""

    def __init__(self) -> None:
        self.amount = 0
        self.queries = 0
        self.scanned: set[str] = set()


@contextmanager
def counted() -> Iterator[Work]:
    """Count the work of this connection's queries in the block."""
    work = Work()
    connection.ensure_connection()
    count = _sqlite if connection.vendor == "sqlite" else _postgresql
    with CaptureQueriesContext(connection) as captured, count(work):
        yield work
    work.queries = len(captured)
    if connection.vendor == "postgresql":
        for query in captured.captured_queries:
            if query["sql"].lstrip("( ").upper().startswith(("SELECT", "WITH")):
                _add(work, _plan(query["sql"]))


@contextmanager
def _sqlite(work: Work) -> Iterator[None]:
    def step() -> None:
        work.amount += _STEPS_AT_ONCE

    raw = connection.connection
    raw.set_progress_handler(step, _STEPS_AT_ONCE)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _postgresql(work: Work) -> Iterator[None]:
    yield


def _plan(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.replace('%', '%%')}", ())
        (found,) = cursor.fetchone()
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]  # type: ignore[no-any-return]


def _add(work: Work, plan: dict[str, Any]) -> None:
    loops = plan.get("Actual Loops", 1)
    if "Relation Name" in plan or "Index Name" in plan:
        dropped = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        rows = plan["Actual Rows"] + sum(plan.get(name, 0) for name in dropped)
        work.amount += int(loops * (1 + rows))
    if plan["Node Type"] == "Seq Scan":
        work.scanned.add(plan["Relation Name"])
    for part in plan.get("Plans", []):
        _add(work, part)
