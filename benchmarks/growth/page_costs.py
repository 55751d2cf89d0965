"""The pages whose cost `growth` measures. Import this after django.setup()."""

import base64
import time
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.admin.views.main import PAGE_VAR
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.db.models import Count
from django.test import Client

from benchmarks.growth.work import counted
from ml.contract import NOT_A_DIGIT
from recognizer.accounts.visitors import VISITOR_SESSION_KEY
from recognizer.admin.keyset_lists import cursor_in_address
from recognizer.drawings import retention
from recognizer.models import Drawing, ModelVersion
from recognizer.registry import promotion

LIST = "/admin/recognizer/drawing/"
LABELS = "/admin/recognizer/label/"
DESK = f"{LIST}desk/next/?queue="
FILTERS = {
    "a label waits": "label=suggested",
    "approved": "label=approved",
    "corrected": "label=corrected",
    "no label": "label=none",
    "read as 7": "read=7",
    "nothing read": "read=rejected",
    "below 50 %": "confidence=0-50",
    "by the first version": "version=1",
    "kept for judging": "held_out__exact=1",
    "a picture": "source__exact=image",
    "much at once": "label=corrected&confidence=50-80&source__exact=image",
}
TYPICAL = 60
"""A person whose history is looked at has drawn about so much."""

VERSIONS = 3


def make_versions() -> None:
    """Add versions, as after some retrainings; the last one is active."""
    promotion.register_shipped_model()
    version = ModelVersion.objects.get(state=ModelVersion.State.ACTIVE)
    for _ in range(VERSIONS - 1):
        ModelVersion.objects.filter(pk=version.pk).update(state=ModelVersion.State.RETIRED)
        version.pk, version.number = None, ModelVersion.objects.next_number()
        version.save()


def measure(begins: str = "") -> dict[str, dict[str, int]]:
    """Return database work and queries of each page whose name begins with `begins`."""
    found = pages().items()
    return {name: work_of(*page) for name, page in found if name.startswith(begins)}


def work_of(client: Client, path: str) -> dict[str, int]:
    """Return the database work and queries of a page once caches are warm."""
    _get(client, path)
    with counted() as work:
        _get(client, path)
    return {"work": work.amount, "queries": work.queries}


def milliseconds(client: Client, path: str) -> float:
    """Return how long a page takes."""
    started = time.perf_counter()
    _get(client, path)
    return (time.perf_counter() - started) * 1000


def _get(client: Client, path: str) -> None:
    response = client.get(path, HTTP_HOST="localhost")
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code}")
    # Read streamed files to the end.
    _ = b"".join(response) if response.streaming else response.content


def pages() -> dict[str, tuple[Client, str]]:
    """Return a client and an address for each page, by name."""
    staff, person = Client(), Client()
    chief, _ = User.objects.get_or_create(
        username="made-up-chief", defaults={"is_staff": True, "is_superuser": True}
    )
    staff.force_login(chief)
    middle = _middle()
    typical = _typical("visitor")
    session = person.session
    session[VISITOR_SESSION_KEY] = str(typical.visitor)
    session.save()
    named = _typical("user").user
    month = f"created_at__year={middle.created_at.year}&created_at__month={middle.created_at.month}"
    found = {
        "a digit": "7",
        "a name": named.username if named else "",
        "an id": str(middle.public_id),
        "part of an id": middle.public_id.hex[:8],
        "no digit": NOT_A_DIGIT,
        "nothing": "nothinglikethat",
    }
    return {
        "API list": (staff, "/api/v1/drawings/"),
        "API list, in the middle": (staff, f"/api/v1/drawings/?cursor={_api_cursor(middle)}"),
        "API list of one person": (person, "/api/v1/drawings/"),
        "API, one drawing": (staff, f"/api/v1/drawings/{middle.public_id}/"),
        "history": (person, "/drawings/"),
        "history, further down": (person, f"/drawings/?after={_history_cursor(typical)}"),
        "history, corrected": (person, "/drawings/?corrected=yes"),
        "my data": (person, "/my-data/"),
        "admin": (staff, "/admin/"),
        "admin list": (staff, LIST),
        "admin list, deep": (staff, f"{LIST}?{_deep(middle)}"),
        "admin list, one month": (staff, f"{LIST}?{month}"),
        **{f"admin list, {name}": (staff, f"{LIST}?{query}") for name, query in FILTERS.items()},
        **{
            f"admin search, {name}": (staff, f"{LIST}?{urlencode({'q': term})}")
            for name, term in found.items()
        },
        "admin, one drawing": (staff, f"{LIST}{middle.pk}/change/"),
        "admin, dashboard": (staff, "/admin/dashboard/"),
        "admin, labels": (staff, LABELS),
        "admin, labels of one state": (staff, f"{LABELS}?state__exact=approved"),
        "admin, labels of one value": (staff, f"{LABELS}?value=7"),
        "admin, labels of one month": (staff, f"{LABELS}?{month}"),
        "admin, labels, search": (staff, f"{LABELS}?{urlencode({'q': NOT_A_DIGIT})}"),
        "review desk, unreviewed": (staff, f"{DESK}unreviewed"),
        "review desk, suspected": (staff, f"{DESK}suspected"),
        "review desk, duplicates": (staff, f"{DESK}duplicates"),
        "review desk, how many": (staff, f"{LIST}desk/counts/"),
    }


def _middle() -> Drawing:
    """Return the middle drawing with strokes; a picture would cost its page more."""
    low, high = (Drawing.objects.order_by(way)[0].pk for way in ("pk", "-pk"))
    later = Drawing.objects.filter(pk__gte=(low + high) // 2, picture=None)
    return later.order_by("pk")[0]


def _typical(owner: str) -> Drawing:
    """Return a drawing of a person with a typical number of drawings in any database size."""
    people = Drawing.objects.exclude(**{owner: None}).order_by().values(owner)
    counts = people.annotate(count=Count("pk")).values_list(owner, "count")
    chosen = min(counts, key=lambda row: (abs(row[1] - TYPICAL), row[0]))[0]
    theirs = list(Drawing.objects.filter(**{owner: chosen}).order_by("-created_at", "-pk"))
    return theirs[len(theirs) // 2]


def _api_cursor(drawing: Drawing) -> str:
    cursor = urlencode({"p": str(drawing.created_at)})
    return quote(base64.b64encode(cursor.encode()).decode())


def _history_cursor(drawing: Drawing) -> str:
    cursor = [drawing.created_at.isoformat(), drawing.pk]
    return quote(signing.dumps(cursor, salt="recognizer.gallery", compress=True))


def _deep(middle: Drawing) -> str:
    return urlencode({PAGE_VAR: cursor_in_address(middle)})


def facts() -> dict[str, Any]:
    """Return the number of drawings, the database, and the bytes per drawing."""
    count = Drawing.objects.count()
    return {
        "database": connection.vendor,
        "drawings": count,
        "bytes_a_drawing": {
            **{name: round(size / count) for name, size in _bytes().items()},
            "strokes": _average("recognizer_drawing", "ink"),
            "bitmap": _average("recognizer_drawing", "bitmap"),
            "scores": _average("recognizer_prediction", "symbols"),
        },
    }


_SIZES = {
    "postgresql": "SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class"
    " WHERE relkind = 'r' AND relname LIKE 'recognizer\\_%'",
    "sqlite": "SELECT sum(pgsize * (type = 'table')), sum(pgsize * (type = 'index'))"
    " FROM dbstat JOIN sqlite_schema USING (name)"
    " WHERE aggregate = TRUE AND tbl_name LIKE 'recognizer\\_%' ESCAPE '\\'",
}


def _bytes() -> dict[str, int]:
    """Return the bytes of the project's tables and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZES[connection.vendor])
        tables, indexes = cursor.fetchone()
    return {"tables": int(tables), "indexes": int(indexes)}


def forget_oldest(count: int) -> dict[str, float]:
    """Delete about `count` of the oldest drawings, as `manage.py forget_old` does."""
    times = Drawing.objects.order_by("created_at").values_list("created_at", flat=True)
    before = times[min(count, Drawing.objects.count() - 1)]
    started = time.monotonic()
    deleted = retention.forget_old(before)
    return {"deleted": deleted, "seconds": round(time.monotonic() - started, 2)}


def _average(table: str, column: str) -> int:
    """Return a column's average bytes, in the newest rows that have a value."""
    size = "length" if connection.vendor == "sqlite" else "pg_column_size"
    newest = f'(SELECT "{column}" FROM {table} ORDER BY id DESC LIMIT 5000) AS newest'
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT avg({size}("{column}")) FROM {newest}')
        return round(float(cursor.fetchone()[0]))
