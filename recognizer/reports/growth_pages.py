"""The pages of which `growth` measures what they cost. Import it once Django is set up."""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.db.models import Count
from django.test import Client

from recognizer import promotion
from recognizer.models import Drawing, ModelVersion
from recognizer.models.drawing import VISITOR_SESSION_KEY
from recognizer.reports.work import counted

LIST = "/admin/recognizer/drawing/"
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
}
TYPICAL = 60
"""A person whose history is looked at has drawn about so much."""

VERSIONS = 3


def make_versions() -> None:
    """More than the one that ships, as after some retrainings: older ones, the same network."""
    promotion.register_shipped_model()
    for _ in range(VERSIONS - 1):
        version = ModelVersion.objects.get(state=ModelVersion.State.ACTIVE)
        version.pk, version.number = None, ModelVersion.objects.next_number()
        version.state = ModelVersion.State.RETIRED
        version.save()


def measure(times: int) -> dict[str, dict[str, float]]:
    """Of each page: milliseconds of CPU and in all, the database's work, and queries."""
    return {name: _cost(client, path, times) for name, (client, path) in _pages().items()}


def _cost(client: Client, path: str, times: int) -> dict[str, float]:
    _get(client, path)  # what is loaded once is loaded
    with counted() as work:
        _get(client, path)
    taken = [_timed(lambda: _get(client, path)) for _ in range(times)] or [(0.0, 0.0)]
    return {
        "ms": round(median(wall for wall, _ in taken) * 1000, 2),
        "cpu_ms": round(median(cpu for _, cpu in taken) * 1000, 2),
        "work": work.amount,
        "queries": work.queries,
    }


def _timed(act: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def _get(client: Client, path: str) -> None:
    response = client.get(path, HTTP_HOST="localhost")
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code}")
    # A file may come in pieces.
    _ = b"".join(response) if response.streaming else response.content


def _pages() -> dict[str, tuple[Client, str]]:
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
        "nothing": "nothinglikethat",
    }
    return {
        "API list": (staff, "/api/v1/drawings/"),
        "API list, in the middle": (staff, f"/api/v1/drawings/?cursor={_api_place(middle)}"),
        "API list of one person": (person, "/api/v1/drawings/"),
        "API, one drawing": (staff, f"/api/v1/drawings/{middle.public_id}/"),
        "history": (person, "/drawings/"),
        "history, further down": (person, f"/drawings/?after={_history_place(typical)}"),
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
        "admin, labels": (staff, "/admin/recognizer/label/"),
        "review desk, unreviewed": (staff, f"{DESK}unreviewed"),
        "review desk, suspected": (staff, f"{DESK}suspected"),
        "review desk, duplicates": (staff, f"{DESK}duplicates"),
    }


def _middle() -> Drawing:
    """Half of all drawings are newer."""
    low, high = (Drawing.objects.order_by(way)[0].pk for way in ("pk", "-pk"))
    return Drawing.objects.filter(pk__gte=(low + high) // 2).order_by("pk")[0]


def _typical(owner: str) -> Drawing:
    """A drawing of somebody who has drawn about as much in a small database as in a large one."""
    people = Drawing.objects.exclude(**{owner: None}).order_by().values(owner)
    counts = people.annotate(count=Count("pk")).values_list(owner, "count")
    chosen = min(counts, key=lambda row: (abs(row[1] - TYPICAL), row[0]))[0]
    theirs = list(Drawing.objects.filter(**{owner: chosen}).order_by("-created_at", "-pk"))
    return theirs[len(theirs) // 2]


def _api_place(drawing: Drawing) -> str:
    place = urlencode({"p": str(drawing.created_at)})
    return quote(base64.b64encode(place.encode()).decode())


def _history_place(drawing: Drawing) -> str:
    place = [drawing.created_at.isoformat(), drawing.pk]
    return quote(signing.dumps(place, salt="recognizer.gallery", compress=True))


def _deep(middle: Drawing) -> str:
    try:
        from recognizer.admin.newest_first import PLACE, place_of
    except ImportError:
        return f"p={Drawing.objects.count() // 100}"
    return urlencode({PLACE: place_of(middle)})


def bytes_a_drawing() -> dict[str, Any]:
    """What the database takes for one drawing with its reading and its share of the labels."""
    count = Drawing.objects.count()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        else:
            cursor.execute(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c"
                " WHERE c.relkind = 'r' AND c.relname LIKE 'recognizer\\_%%'"
            )
        (total,) = cursor.fetchone()
        columns = {
            name: _average(cursor, table, column)
            for name, (table, column) in {
                "strokes": ("recognizer_drawing", "ink"),
                "bitmap": ("recognizer_drawing", "bitmap"),
                "scores": ("recognizer_prediction", "symbols"),
            }.items()
        }
    return {
        "database": connection.vendor,
        "in all": round(int(total) / count),
        **columns,
        "at": datetime.now(UTC).date().isoformat(),
    }


def _average(cursor: Any, table: str, column: str) -> int:
    size = "length" if connection.vendor == "sqlite" else "pg_column_size"
    newest = f'(SELECT "{column}" FROM {table} ORDER BY id DESC LIMIT 5000) AS newest'  # noqa: S608
    cursor.execute(f'SELECT avg({size}("{column}")) FROM {newest}')  # noqa: S608  names of ours
    return round(float(cursor.fetchone()[0]))
